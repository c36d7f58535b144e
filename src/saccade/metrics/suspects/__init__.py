"""Annotations that a network contradicts, the most suspicious first."""
