"""Scores of localization."""
