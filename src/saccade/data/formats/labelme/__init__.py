"""LabelMe: a JSON file a picture, its shapes as points."""
