"""Data sets: one file per format, what happens to a picture, the loader, the built-in pictures. No networks."""
