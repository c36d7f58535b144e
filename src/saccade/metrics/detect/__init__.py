"""Scores of detection, and why predictions are wrong."""
