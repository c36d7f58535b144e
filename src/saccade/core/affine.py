"""Affine maps of continuous pixel coordinates (x, y, 1), as (3, 3) float64 matrices."""

import torch
from torch import Tensor


def scaling(x: float, y: float) -> Tensor:
    """(3, 3) float64 matrix that scales continuous pixel coordinates about the upper left corner."""
    return torch.diag(torch.tensor([x, y, 1.0], dtype=torch.float64))


def translation(x: float, y: float) -> Tensor:
    """(3, 3) float64 matrix that shifts continuous pixel coordinates."""
    matrix = torch.eye(3, dtype=torch.float64)
    matrix[0, 2], matrix[1, 2] = x, y
    return matrix


def rotation(degrees: float) -> Tensor:
    """(3, 3) float64 matrix that turns about the upper left corner, clockwise as seen on a screen (y goes down)."""
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    matrix = torch.eye(3, dtype=torch.float64)
    matrix[0, 0] = matrix[1, 1] = angle.cos()
    matrix[0, 1], matrix[1, 0] = -angle.sin(), angle.sin()
    return matrix


def mirror(width: float) -> Tensor:
    """(3, 3) float64 matrix that flips a picture of `width` pixels left to right: x becomes width - x."""
    matrix = scaling(-1.0, 1.0)
    matrix[0, 2] = width
    return matrix
