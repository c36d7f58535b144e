"""Heads for the class of the whole picture."""
