"""Windows of one size that slide over a picture."""
