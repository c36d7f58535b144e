"""Regions of a picture, each in its mean colour, with lines between."""

import numpy as np
from PIL import Image

from saccade.view.drawing.palette import Colour

_LINE: Colour = (255, 255, 255)


def regions_picture(picture: Image.Image, labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Image.Image:
    """Each region in its mean colour, borders white.

    Args:
        picture: RGB, of the size of `labels`.
        labels: (H, W) region of each pixel, 0..r-1.
    """
    pixels, flat = np.asarray(picture, dtype=np.float64).reshape(-1, 3), labels.ravel()
    counts = np.bincount(flat)
    means = np.stack([np.bincount(flat, pixels[:, channel]) for channel in range(3)], 1) / counts[:, None].clip(1)
    drawn = means[labels]
    border = np.zeros(labels.shape, dtype=bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    drawn[border] = _LINE
    return Image.fromarray(drawn.round().astype(np.uint8))
