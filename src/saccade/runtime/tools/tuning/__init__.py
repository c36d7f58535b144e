"""Parameters of refinements, sought on validation pictures."""
