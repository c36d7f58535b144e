"""A system for data, where nobody names one: by what is annotated, and how fast the machine is."""
