"""Affine maps of continuous pixel coordinates (x, y, 1), as (3, 3) float64 matrices."""

import math

import torch
from torch import Tensor

# Coordinates closer than this are the same: far below a pixel, far above the rounding of float64.
TOLERANCE = 1e-6


def scaling(x: float, y: float) -> Tensor:
    """(3, 3) float64 matrix that scales continuous pixel coordinates about the upper left corner."""
    return torch.tensor([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)


def translation(x: float, y: float) -> Tensor:
    """(3, 3) float64 matrix that shifts continuous pixel coordinates."""
    return torch.tensor([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]], dtype=torch.float64)


def rotation(degrees: float) -> Tensor:
    """(3, 3) float64 matrix that turns about the upper left corner, clockwise as seen on a screen (y goes down)."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    if degrees % 90 == 0:  # quarter turns are exact, so that pixels only change places
        cosine, sine = float(round(cosine)), float(round(sine))
    return torch.tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)


def shear(degrees: float) -> Tensor:
    """(3, 3) float64 matrix that leans upright lines by `degrees`: x moves with y."""
    matrix = torch.eye(3, dtype=torch.float64)
    matrix[0, 1] = math.tan(math.radians(degrees))
    return matrix


def mirror(width: float) -> Tensor:
    """(3, 3) float64 matrix that flips a picture of `width` pixels left to right: x becomes width - x."""
    return translation(width, 0.0) @ scaling(-1.0, 1.0)


def upside_down(height: float) -> Tensor:
    """(3, 3) float64 matrix that flips a picture of `height` pixels upside down: y becomes height - y."""
    return translation(0.0, height) @ scaling(1.0, -1.0)


def about(matrix: Tensor, x: float, y: float) -> Tensor:
    """The map `matrix` about the point (x, y) in place of the upper left corner."""
    return translation(x, y) @ matrix @ translation(-x, -y)


def is_identity(matrix: Tensor) -> bool:
    """Whether nothing moves."""
    return torch.equal(matrix, torch.eye(3, dtype=matrix.dtype))


def is_upright(matrix: Tensor) -> bool:
    """Whether horizontal lines stay horizontal and vertical ones vertical: no turn and no shear."""
    (_, b, _), (c, _, _) = matrix[:2].tolist()
    return abs(b) < TOLERANCE and abs(c) < TOLERANCE


def keeps_pixels(matrix: Tensor) -> bool:
    """Whether pixels only change places: flips, quarter turns and shifts by whole pixels."""
    linear = matrix[:2, :2].abs()
    swaps = torch.allclose(linear.sum(0), linear.new_ones(2)) and torch.allclose(linear.amax(0), linear.new_ones(2))
    return swaps and all(is_whole(value) for value in matrix[:2, 2].tolist())


def is_whole(value: float) -> bool:
    """Whether a coordinate lies between two pixels, up to rounding."""
    return abs(value - round(value)) < TOLERANCE


def stretches(matrix: Tensor) -> tuple[float, float]:
    """Target pixels that one source pixel spans, along the source's x and along its y."""
    (a, b, _), (c, d, _) = matrix[:2].tolist()
    return math.hypot(a, c), math.hypot(b, d)
