"""Heads: what reads maps and speaks of the picture."""
