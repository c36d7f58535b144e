"""Several persons of a picture for a network that sees one: where they are, and the pose of each."""
