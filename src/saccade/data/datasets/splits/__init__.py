"""What of a data set is learnt from, and what is measured on."""
