"""Heads that say where the joints of one person are, as numbers."""
