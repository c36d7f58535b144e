"""Searches for regions that may show objects."""
