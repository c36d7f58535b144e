"""Networks in use: prediction, evaluation, run folders, checkpoints."""
