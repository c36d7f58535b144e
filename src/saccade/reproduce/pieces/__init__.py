"""Who does the pieces of the experiments: trainings, counts and timings."""
