"""Heads for boxes at every position of a map."""
