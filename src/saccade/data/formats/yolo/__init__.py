"""YOLO: a text file a picture, a line an object."""
