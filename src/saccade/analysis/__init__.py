"""What a network is made of, counted and drawn: layers, parameters, multiply-adds, receptive fields."""
