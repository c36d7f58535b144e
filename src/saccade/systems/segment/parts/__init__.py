"""What segmenters share in putting parts together."""
