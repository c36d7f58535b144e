"""What detectors share in putting parts together."""
