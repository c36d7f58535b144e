"""One update: the state that learns, its optimiser, rates and guards."""
