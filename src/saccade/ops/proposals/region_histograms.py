"""What selective search compares: colours and textures of pixels in bins, and their histograms over regions.

Source: Uijlings, van de Sande, Gevers, Smeulders 2013, Selective search for object recognition, sections 3.1.2 and 3.2.

Legend: (H, W) picture, C channels of a colour space, r regions.
"""

from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
ColourSpace = Literal["hsv", "lab", "rgi", "hue", "intensity"]

COLOUR_BINS, TEXTURE_BINS, DIRECTIONS = 25, 10, 8


def in_space(picture: Array, space: ColourSpace) -> Array:
    """(H, W, C) of an RGB picture (H, W, 3) 0..1 in a colour space, each channel brought to 0..1."""
    from skimage import color  # needed to search alone: nobody else waits for it

    intensity = picture.mean(2, keepdims=True)
    if space == "intensity":
        return intensity
    if space in ("hsv", "hue"):
        hsv: Array = color.rgb2hsv(picture)
        return hsv if space == "hsv" else hsv[..., :1]
    if space == "lab":
        lab: Array = color.rgb2lab(picture)
        return (lab + np.array([0.0, 128, 128])) / np.array([100.0, 255, 255])
    shares = picture[..., :2] / np.maximum(3 * intensity, 1e-9)
    return np.concatenate([shares, intensity], 2)


def colour_bins(channels: Array) -> Array:
    """(C, H, W) number of the bin, of 25, that each value of (H, W, C) falls into."""
    return np.clip((channels * COLOUR_BINS).astype(np.int64), 0, COLOUR_BINS - 1).transpose(2, 0, 1)


def texture_bins(channels: Array) -> Array:
    """(C · 8, H, W) bins, of 10, of Gaussian derivatives (σ = 1) of (H, W, C) in eight directions."""
    planes: list[Array] = []
    for channel in channels.transpose(2, 0, 1):
        down, across = (_slope(channel, axis) for axis in (0, 1))
        for turn in range(DIRECTIONS):
            angle = 2 * np.pi * turn / DIRECTIONS
            planes.append(np.maximum(np.cos(angle) * across + np.sin(angle) * down, 0))
    found = np.stack(planes)
    most = max(float(found.max()), 1e-9)
    return np.minimum((found / most * TEXTURE_BINS).astype(np.int64), TEXTURE_BINS - 1)


def histograms(labels: Array, bins: Array, number: int) -> Array:
    """(r, planes · number) histograms of each region over all planes, which add up to 1.

    Args:
        labels: (H, W) region of each pixel, 0..r-1.
        bins: (planes, H, W) bin of each pixel.
        number: Bins of a plane.
    """
    regions = int(labels.max()) + 1
    base = labels.ravel() * number
    counts = [np.bincount(base + plane.ravel(), minlength=regions * number).reshape(regions, number) for plane in bins]
    whole = np.concatenate(counts, 1).astype(np.float64)
    return whole / np.maximum(whole.sum(1, keepdims=True), 1)


def _slope(channel: Array, axis: int) -> Array:
    """Derivative of (H, W) along an axis, smoothed by a Gaussian of σ = 1."""
    from scipy import ndimage

    along: Array = ndimage.gaussian_filter1d(channel, 1.0, axis=axis, order=1)
    return ndimage.gaussian_filter1d(along, 1.0, axis=1 - axis)
