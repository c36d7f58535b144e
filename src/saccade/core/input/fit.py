"""How a picture fits what a network takes: its size by rule, in whole pixels as torchvision rounds them, and padding.

Legend: C channels, (h, w) the picture, (H, W) with all that stands around it.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.errors import ConfigError

Size = tuple[int, int]
Padding = Literal["zeros", "mirror"]


def target_size(
    rule: str, source: Size, size: Size | None, shorter: int | None, longest: int | None
) -> tuple[Size, Size]:
    """Size (H, W) after resizing, and after cropping the centre or padding around it.

    Args:
        rule: A rule of `InputSpec`.
        source: (H, W) of the picture.
        size: (H, W) asked for by ``stretch``, ``letterbox``, ``crop``, ``pad`` and ``person``.
        shorter: Length of the shorter side asked for by ``crop``, ``shorter`` and ``pad``, which is within `size`.
        longest: Bound of the longer side, for ``shorter``.

    Raises:
        ConfigError: The rule lacks a number that it needs.
    """
    if rule == "native":
        return source, source
    if rule == "shorter" and shorter:
        resized = _shorter_side(source, shorter, longest)
        return resized, resized
    if rule in ("stretch", "person") and size:
        return size, size
    if rule == "pad" and size and shorter and shorter <= min(size):
        return (shorter, shorter), size
    if rule == "letterbox" and size:
        scale = min(size[0] / source[0], size[1] / source[1])
        resized = (max(round(source[0] * scale), 1), max(round(source[1] * scale), 1))
        return resized, resized
    if rule == "crop" and size and shorter:
        scale = max(shorter / min(source), size[0] / source[0], size[1] / source[1])
        resized = (max(int(source[0] * scale + 1e-6), size[0]), max(int(source[1] * scale + 1e-6), size[1]))
        return resized, size
    raise ConfigError(
        f"a size for the input rule {rule!r}",
        f"size={size}, shorter={shorter}",
        cure="give stretch, letterbox, crop, pad and person a size, and crop, shorter and pad a shorter side",
    )


def _shorter_side(source: Size, shorter: int, longest: int | None) -> Size:
    scale = shorter / min(source)
    if longest is not None:
        # torchvision's detectors floor what floating point gives, and their weights expect no other side.
        scale = min(scale, longest / max(source))
        return max(int(source[0] * scale), 1), max(int(source[1] * scale), 1)
    # A hair is added before the floor because 800 / 480 * 480 is 799.99… in floating point.
    return max(int(source[0] * scale + 1e-6), 1), max(int(source[1] * scale + 1e-6), 1)


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
