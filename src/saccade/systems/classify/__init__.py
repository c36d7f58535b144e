"""Classifiers, one paper a file."""
