"""Blocks of the classic networks."""
