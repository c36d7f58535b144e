"""Flags and files of settings, read into values."""
