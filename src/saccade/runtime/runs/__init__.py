"""The run folder, its checkpoints, and the way back from them to a network."""
