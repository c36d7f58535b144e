"""Kinds of errors of a detector: what was found wrongly, twice, elsewhere or not at all."""
