"""CSV tables of classes and boxes."""
