"""What others train on the same pictures, each a script that runs in an environment of its own."""
