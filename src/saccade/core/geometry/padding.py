"""What stands around a picture on its way into a network.

Legend: C channels, (h, w) the picture, (H, W) with all that stands around it.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Padding = Literal["zeros", "mirror"]


def pad(picture: Tensor, margin: int, size: tuple[int, int], padding: Padding) -> Tensor:
    """A picture (C, h, w) inside a margin on every side, filled up to (C, H, W) on the right and below.

    Args:
        picture: The picture, normalised.
        margin: Pixels on every side.
        size: (H, W).
        padding: ``zeros``, or ``mirror``: the picture, mirrored at its edges as often as it takes (U-Net).
    """
    height, width = picture.shape[-2:]
    right, below = size[1] - margin - width, size[0] - margin - height
    if padding == "zeros":
        return F.pad(picture, (margin, right, margin, below))
    return picture[:, mirrored(height, margin, below)][:, :, mirrored(width, margin, right)]


def mirrored(side: int, before: int, after: int) -> Tensor:
    """(before + side + after,) positions 0..side-1 of a row and its mirror images, the edge pixels not repeated."""
    places = torch.arange(-before, side + after) % max(2 * (side - 1), 1)
    return torch.minimum(places, 2 * (side - 1) - places)
