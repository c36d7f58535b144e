"""What a network sees: maps of evidence, filters, projections; each a pure function of a system and a picture."""
