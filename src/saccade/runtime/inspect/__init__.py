"""What a network sees, and its features."""
