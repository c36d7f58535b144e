"""Crests of a map of strength: lines of one pixel, none of whose neighbours across the line is stronger.

Source: Dollár, Zitnick 2013, Structured forests for fast edge detection, section 4 (thinning by non-maximum
suppression), and the released ``edgesNms``.

Legend: (H, W) picture.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def crests(strength: Array, tangent: Array | None = None) -> Array:
    """(H, W) float32 strength where neither neighbour across the line, one and two pixels away, is stronger; else 0.

    Args:
        strength: (H, W) 0..1.
        tangent: (H, W) direction in which lines run; by default that of `tangents`, on the flanks of broad lines too.
    """
    if min(strength.shape) < 2:
        return strength.astype(np.float32)
    along = tangents(strength, flanks=True) if tangent is None else tangent
    return np.where(_is_crest(strength, along), strength, 0).astype(np.float32)


def tangents(strength: Array, *, flanks: bool = False) -> Array:
    """(H, W) direction 0..π in which each crest of a map (H, W), of two pixels or more a side, runs: it bends least.

    Args:
        strength: (H, W).
        flanks: Whether directions are asked for on the flanks of broad lines too, which bend upwards across the line.
    """
    smooth = blurred(strength.astype(np.float32), 1.5)
    down, across = np.gradient(smooth)
    bend_y, bend_xy = np.gradient(down)
    bend_x = np.gradient(across, axis=1)
    turned = np.pi / 2 * (bend_x + bend_y > 0) if flanks else 0.0
    return (0.5 * np.arctan2(2 * bend_xy, bend_x - bend_y) + turned) % np.pi


def blurred(values: Array, sigma: float) -> Array:
    """(H, W) a map smoothed by a Gaussian of a size in pixels."""
    from scipy import ndimage

    found: Array = ndimage.gaussian_filter(values, sigma, truncate=3.0)
    return found


def _is_crest(strength: Array, tangent: Array) -> Array:
    """(H, W) whether neither neighbour across the edge, one and two pixels away, is stronger."""
    from scipy import ndimage

    rows, columns = np.indices(strength.shape, dtype=np.float32)
    right, down = -np.sin(tangent), np.cos(tangent)
    found = strength > 0
    for far in (-2, -1, 1, 2):
        beside = ndimage.map_coordinates(strength, [rows + far * down, columns + far * right], order=1, mode="nearest")
        found &= strength >= beside
    return found
