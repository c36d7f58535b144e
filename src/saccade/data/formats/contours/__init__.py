"""Berkeley's and SBD's contours."""
