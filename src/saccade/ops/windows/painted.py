"""Masks of windows, painted at the pixels of a picture.

Legend: n windows, m cells a side of a window's grid, (H, W) picture, (h, w) pixels of a window inside it.
"""

from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.masks import Masks


def painted(logits: Tensor, windows: Tensor, size: tuple[int, int], least: float) -> Masks:
    """Masks of the pixels at whose centre the logits, interpolated, are above `least`.

    One mask after the other is painted, so that many windows take little more memory than one.

    Args:
        logits: (n, m, m) of grids.
        windows: (n, 4) x1, y1, x2, y2 in the picture's pixels, over which the grids lie; they may leave it.
        size: (H, W).
        least: Logit above which a pixel is set.
    """
    if not len(windows):
        return Masks.empty(size)
    bits: list[Tensor] = []
    places: list[list[int]] = []
    for grid, (left, top, right, bottom) in zip(logits.float(), windows.tolist(), strict=True):
        x1, x2 = _pixels(left, right, size[1])
        y1, y2 = _pixels(top, bottom, size[0])
        places.append([x1, y1, x2, y2])
        x = _relative(x1, x2, left, right, grid.device)
        y = _relative(y1, y2, top, bottom, grid.device)
        where = torch.stack(torch.broadcast_tensors(x, y[:, None]), -1)
        seen = F.grid_sample(grid[None, None], where[None], "bilinear", "border", align_corners=False)
        bits.append((seen[0, 0] > least).flatten())
    return Masks(torch.cat(bits), windows.new_tensor(places, dtype=torch.int64), size)


def _pixels(first: float, last: float, length: int) -> tuple[int, int]:
    """The pixels of a row of so many whose centres lie between two places, the second exclusive; at least none."""
    start = min(max(ceil(first - 0.5), 0), length)
    return start, max(min(ceil(last - 0.5), length), start)


def _relative(start: int, end: int, first: float, last: float, device: torch.device) -> Tensor:
    """Centres of pixels, from -1 at a window's one border to 1 at the other."""
    return (torch.arange(start, end, device=device) + 0.5 - first) * (2 / (last - first)) - 1
