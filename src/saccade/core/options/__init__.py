"""What a function of options takes, read from its signature and docstring, and the checks of what is given."""
