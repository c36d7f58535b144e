"""How a picture gets into a network."""
