"""Normalisation: kinds, exchange, folding."""
