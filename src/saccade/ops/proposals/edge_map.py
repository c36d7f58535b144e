"""Where a picture has edges, how strong they are and which way they run.

Any map of edge strength serves: a gradient, or what a network for contours tells. Sources: Zitnick, Dollár 2014, Edge
boxes: locating object proposals from edges, section 3; gradients of several channels by Di Zenzo 1986, A note on the
gradient of a multi-image.

Legend: (H, W) picture.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from saccade.ops.crests import blurred, crests, tangents

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class EdgeMap:
    """Edges one pixel wide.

    Attributes:
        strength: (H, W) float32 0..1, 0 beside edges.
        tangent: (H, W) float32 direction in which an edge runs, 0..π from the x axis towards the y axis, which points
            down.
    """

    strength: Array
    tangent: Array


def edge_map(strength: Array) -> EdgeMap:
    """The crests of a map of edge strength (H, W) 0..1; the picture's outermost pixels are none.

    An edge that ends at the picture's border must not end on it, where it would be cut by the border of a box.
    """
    if min(strength.shape) < 3:
        return EdgeMap(np.zeros(strength.shape, np.float32), np.zeros(strength.shape, np.float32))
    tangent = tangents(strength)
    thin = crests(strength, tangent)
    thin[[0, -1]], thin[:, [0, -1]] = 0, 0
    return EdgeMap(thin, tangent.astype(np.float32))


@dataclass(frozen=True)
class StructuredGradient:
    """Strength of a picture's edges, from its colours alone.

    The steepest change of all Lab channels together, over several sizes of smoothing, is divided by its mean round
    about, so that an edge in a calm place counts for more than one of a texture.

    Attributes:
        sigmas: Sizes of smoothing in pixels.
        around: Size of the surroundings in pixels.
        floor: Added to the mean, as a share of the range from black to white: what changes less is noise.
        calm: How many times its surroundings an edge of strength .63 is.
        power: How sharply strength rises there.
    """

    sigmas: tuple[float, ...] = (1.0, 2.0, 4.0)
    around: float = 8.0
    floor: float = 0.005
    calm: float = 2.0
    power: float = 3.0

    def __call__(self, picture: Array) -> Array:
        """(H, W) strength 0..1 of an RGB picture (H, W, 3) 0..1."""
        from skimage import color  # needed to search alone: nobody else waits for it

        lab = color.rgb2lab(picture).astype(np.float32) / 100
        steepness = np.mean([_steepness(lab, sigma) for sigma in self.sigmas], 0)
        relative = steepness / (blurred(steepness, self.around) + self.floor)
        return 1 - np.exp(-((relative / self.calm) ** self.power))


def _steepness(channels: Array, sigma: float) -> Array:
    """(H, W) greatest slope of (H, W, C) in any direction, in units of change within one sigma."""
    from scipy import ndimage

    def slope(axis: int) -> Array:
        along: Array = ndimage.gaussian_filter1d(channels, sigma, axis, order=1, truncate=3.0)
        return ndimage.gaussian_filter1d(along, sigma, 1 - axis, truncate=3.0)

    across, down = slope(1), slope(0)
    xx, yy, xy = (across**2).sum(2), (down**2).sum(2), (across * down).sum(2)
    return sigma * np.sqrt((xx + yy + np.sqrt((xx - yy) ** 2 + 4 * xy**2)) / 2)
