"""Dense evaluation: a network for one window of pixels, run on all windows of a picture at once.

The last pooling divides positions into groups, of which a network sees one; pooled from every offset in turn, none is
lost, and the predictions are woven into one finer map.

Source: Sermanet et al. 2013, OverFeat, arXiv 1312.6229, section 3.3.

Legend: B pictures, C channels, (h, w) positions before the last pooling, p side of that pooling.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pool_from_offsets(maps: Tensor, size: int) -> Tensor:
    """Maxima over p × p positions, from each of the p × p offsets.

    Args:
        maps: (B, C, h, w).
        size: p.

    Returns:
        (p · p · B, C, h', w'), offset by offset, rows first. All offsets have as many positions as the last one.
    """
    height, width = (pooled_side(side, size) for side in maps.shape[-2:])
    shifted = [maps[..., y : y + size * height, x : x + size * width] for y in range(size) for x in range(size)]
    return torch.cat([F.max_pool2d(part, size) for part in shifted])


def pooled_side(side: int, size: int) -> int:
    """Positions left of `side` by pooling over `size` of them from the last offset."""
    return (side - size + 1) // size


def interleave(maps: Tensor, size: int) -> Tensor:
    """(B, C, p · h, p · w) of maps (p · p · B, C, h, w) that stand offset by offset (see `pool_from_offsets`)."""
    # Offsets stand beside each channel, as the pixels of a cell do that is shuffled out.
    offsets = maps.unflatten(0, (size * size, -1)).unbind()
    return F.pixel_shuffle(torch.stack(offsets, 2).flatten(1, 2), size)


def window_grid(shape: tuple[int, int], step: tuple[float, float], side: tuple[float, float]) -> Tensor:
    """The pixels that each position of a woven map has seen.

    Args:
        shape: (h, w) positions.
        step: Pixels between positions, down and across.
        side: Height and width of a window in pixels.

    Returns:
        (h, w, 4) x1, y1, x2, y2.
    """
    y, x = torch.meshgrid(torch.arange(shape[0]) * step[0], torch.arange(shape[1]) * step[1], indexing="ij")
    return torch.stack([x, y, x + side[1], y + side[0]], -1)


def scaled_sides(shape: tuple[int, int], factor: float) -> tuple[int, int]:
    """Height and width of a picture that is scaled by `factor`, in whole pixels."""
    return round(shape[0] * factor), round(shape[1] * factor)


def coverage(box: Tensor, windows: Tensor) -> Tensor:
    """(n,) share of a box's area (4,) that lies inside each window (n, 4)."""
    corner, opposite = torch.maximum(box[:2], windows[:, :2]), torch.minimum(box[2:], windows[:, 2:])
    return (opposite - corner).clamp(min=0).prod(1) / (box[2:] - box[:2]).prod()
