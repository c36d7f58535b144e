"""Detectors, one paper a file."""
