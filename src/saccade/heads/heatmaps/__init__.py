"""Heads that say where the joints of one person are, by a map a joint."""
