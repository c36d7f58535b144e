"""What is settled and checked before step 0."""
