"""Heads for contours."""
