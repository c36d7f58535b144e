"""Files of tensors, read without code."""
