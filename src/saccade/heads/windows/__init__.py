"""Heads for every window of a picture."""
