"""Checks of boxes, outlines and labels."""
