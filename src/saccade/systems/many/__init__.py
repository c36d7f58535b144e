"""Systems of several tasks at once."""
