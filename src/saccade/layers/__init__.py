"""Small modules that several parts share."""
