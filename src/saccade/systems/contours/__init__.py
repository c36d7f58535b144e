"""Systems that find contours."""
