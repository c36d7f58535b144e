"""What writers share: what is written of a picture and its objects."""
