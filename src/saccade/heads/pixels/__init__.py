"""Heads for every pixel."""
