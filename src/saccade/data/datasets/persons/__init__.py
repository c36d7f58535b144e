"""Persons of pictures: one a sample, or all of a picture together."""
