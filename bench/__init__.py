"""Speed and memory of saccade beside what a user would pick instead, as ratios of one run."""
