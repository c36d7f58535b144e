"""Pooling of regions as modules."""
