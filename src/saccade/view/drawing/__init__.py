"""Annotations painted on pictures."""
