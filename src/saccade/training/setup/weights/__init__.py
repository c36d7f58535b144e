"""First weights, from files and runs."""
