"""What each experiment is; nothing here loads torch."""
