"""Heads for a fixed number of boxes."""
