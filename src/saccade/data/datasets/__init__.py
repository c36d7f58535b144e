"""Data sets made of other data sets: joined, cut, split, relabelled, augmented."""
