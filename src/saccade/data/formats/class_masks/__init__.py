"""Pictures beside folders of binary masks, a folder a class."""
