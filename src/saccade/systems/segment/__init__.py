"""Systems that say the class of every pixel."""
