"""Better scores of pixels, by filters that look at the picture, after any network that gives some."""
