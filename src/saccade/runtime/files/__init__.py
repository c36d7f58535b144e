"""Predictions of pictures and videos on disk."""
