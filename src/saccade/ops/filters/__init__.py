"""Gaussian filters over pixels: near in the picture, or near in place and colour."""
