"""Checks of picture files: decoded whole, and seen twice."""
