"""What must hold before step 0."""
