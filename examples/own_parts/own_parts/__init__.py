"""Parts of one's own for saccade, one kind a file."""
