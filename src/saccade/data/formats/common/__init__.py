"""What readers share: objects in rows and in flat arrays, names of classes, splits and files."""
