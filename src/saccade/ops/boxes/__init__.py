"""Boxes: geometry, anchors, matching, coding, sampling, suppression."""
