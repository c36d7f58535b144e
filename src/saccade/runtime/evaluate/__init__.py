"""Scores of a run, and its report."""
