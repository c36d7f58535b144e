"""Pictures beside masks that give each pixel's class."""
