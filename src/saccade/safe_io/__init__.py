"""Care with what comes from outside and what must not be lost: limits, paths, checkpoints, writing."""
