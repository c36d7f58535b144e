"""Joints: of the one person that a picture shows, and of every object."""
