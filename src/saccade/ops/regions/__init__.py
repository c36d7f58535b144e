"""Regions pooled from maps or cut from pictures."""
