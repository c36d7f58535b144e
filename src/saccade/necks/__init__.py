"""Necks: maps to further maps."""
