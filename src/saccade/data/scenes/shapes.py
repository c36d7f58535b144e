"""The outlines of the built-in objects, as signed distances: negative inside, 0 on the outline, positive outside.

Every outline lives in coordinates of its own, x to the right and y down, about an origin near its middle; arrays x and
y broadcast against each other.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # float32 wherever there is one value a pixel: half the time

_TURNS = np.linspace(0, 2 * math.pi, 24, endpoint=False)
CIRCLE: Array = np.stack([np.cos(_TURNS), np.sin(_TURNS)], 1)  # points on the circle of radius 1


@dataclass(frozen=True)
class Shape:
    """An outline, with what is needed to draw it at a wanted size.

    Attributes:
        distance: Signed distance of points (x, y); exact inside and near the outline.
        area: Area within the outline.
        reach: Radius about the origin that holds the outline.
    """

    distance: Callable[[Array, Array], Array]
    area: float
    reach: float


def _box(x: Array, y: Array, half_width: float, half_height: float) -> Array:
    dx, dy = np.abs(x) - half_width, np.abs(y) - half_height
    return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0)


def disc(x: Array, y: Array) -> Array:
    """A disc of radius 1."""
    return np.hypot(x, y) - 1


def ring(x: Array, y: Array) -> Array:
    """A disc of radius 1 with a hole of radius .45."""
    return np.abs(np.hypot(x, y) - 0.725) - 0.275


def square(x: Array, y: Array) -> Array:
    """A square of side 2, its corners rounded a little."""
    return _box(x, y, 0.9, 0.9) - 0.1


def triangle(x: Array, y: Array) -> Array:
    """An equilateral triangle whose corners lie at distance 1."""
    slope = np.float32(math.sqrt(3) / 2)
    return np.maximum(slope * np.abs(x) - 0.5 * y, y) - 0.5


def star(x: Array, y: Array) -> Array:
    """A star of five points at distance 1, with notches at distance .45."""
    sector = np.float32(math.pi / 5)
    radius, angle = np.hypot(x, y), np.abs(np.arctan2(x, -y))
    folded = np.abs((angle + sector) % (2 * sector) - sector)
    # In the folded sector the outline is one edge, from the point (1, 0) to the notch.
    edge = np.array([0.45 * math.cos(sector) - 1, 0.45 * math.sin(sector)])
    across, along = (edge / np.hypot(*edge)).astype(np.float32)
    return (radius * np.cos(folded) - 1) * along - radius * np.sin(folded) * across


def cross(x: Array, y: Array) -> Array:
    """A plus sign of arms .7 wide and 2 long."""
    return np.minimum(_box(x, y, 1.0, 0.35), _box(x, y, 0.35, 1.0))


def crescent(x: Array, y: Array) -> Array:
    """A disc of radius 1 out of which a second one is bitten."""
    return np.maximum(np.hypot(x, y) - 1, 0.8 - np.hypot(x - 0.5, y))


def heart(x: Array, y: Array) -> Array:
    """A square on its tip, with half a disc on each of its two upper sides."""
    tilt = np.float32(math.sqrt(0.5))
    u, v = tilt * (x + y) - 0.25, tilt * (y - x) - 0.25
    lobes = np.minimum(np.hypot(u + 1, v), np.hypot(u, v + 1)) - 1
    return np.minimum(_box(u, v, 1.0, 1.0), lobes)


def _crescent_area() -> float:
    big, small, apart = 1.0, 0.8, 0.5
    to_big = (apart**2 + big**2 - small**2) / (2 * apart)
    to_small = apart - to_big
    lens = big**2 * math.acos(to_big / big) + small**2 * math.acos(to_small / small)
    return math.pi * big**2 - (lens - apart * math.sqrt(big**2 - to_big**2))


SHAPES: dict[str, Shape] = {
    "disc": Shape(disc, math.pi, 1.0),
    "ring": Shape(ring, math.pi * (1 - 0.45**2), 1.0),
    "square": Shape(square, 4 - (4 - math.pi) * 0.1**2, 1.38),
    "triangle": Shape(triangle, 3 * math.sqrt(3) / 4, 1.0),
    "star": Shape(star, 5 * 0.45 * math.sin(math.pi / 5), 1.0),
    "cross": Shape(cross, 2 * 1.4 - 0.7**2, 1.06),
    "crescent": Shape(crescent, _crescent_area(), 1.0),
    "heart": Shape(heart, 4 + math.pi, 1.8),
}
