"""What a network is: parts that make maps, heads that read them, one class that holds both."""
