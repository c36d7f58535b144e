"""saccade."""
