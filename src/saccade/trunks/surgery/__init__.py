"""A new trunk made of a given one: cut, dilated, slid, pooled, at several sizes."""
