"""What happens to a training picture at random."""
