"""Epochs of steps, validations, checkpoints, and the end."""
