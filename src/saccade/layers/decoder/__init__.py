"""How a decoder grows and joins maps."""
