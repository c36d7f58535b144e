"""What a part may do beyond the least, each a protocol of its own."""
