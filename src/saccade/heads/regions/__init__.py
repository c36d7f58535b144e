"""Heads for proposed regions."""
