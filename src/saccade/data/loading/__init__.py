"""From a data set to batches, by worker processes."""
