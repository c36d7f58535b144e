"""Scores of detection, and why guesses are wrong."""
