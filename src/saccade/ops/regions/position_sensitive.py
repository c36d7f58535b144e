"""Position-sensitive pooling: each cell of a region averages maps of its own.

Legend: B pictures, C channels, n regions (n, 4) x1, y1, x2, y2 in pixels of the network's input with owners (n,), the
picture in the batch that each belongs to; k cells a side.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

# Least side of a region in positions of the map, as in the authors' code: a region without area has cells all the same.
LEAST = 0.1


class _Cells(NamedTuple):
    """Where the cells of n regions begin and end along one side of a map, (n, k) int64 each, ends exclusive."""

    begins: Tensor
    ends: Tensor


def pool_position_sensitive(maps: Tensor, regions: Tensor, owners: Tensor, size: int, stride: float) -> Tensor:
    """(n, C, k, k) of maps (B, C · k · k, h, w): cell (i, j) of channel c averages map (c · k + i) · k + j.

    Paper: Dai, Li, He, Sun 2016, R-FCN, section 2, equation 1. A cell reaches from the floor to the ceiling of its
    fractional borders, and regions are not rounded to positions first, as in the authors' code; what lies outside the
    map has no cells, and a cell without positions gives 0. torchvision's `ps_roi_pool` rounds regions, and leaves out
    the map's last row and column on the way there, but not on the way back.

    Args:
        maps: Maps of one level.
        regions: (n, 4).
        owners: (n,).
        size: k.
        stride: Input pixels between positions of the map.
    """
    height, width = maps.shape[-2:]
    # In double, since a cell is the small difference of large sums; Apple's GPUs have none.
    wide = torch.float32 if maps.device.type == "mps" else torch.float64
    scaled = regions.to(maps.device, wide) / stride
    rows, columns = _cells(scaled[:, 1], scaled[:, 3], size, height), _cells(scaled[:, 0], scaled[:, 2], size, width)
    # Sums over rectangles from the corner.
    sums = F.pad(maps.to(wide).cumsum(2).cumsum(3), (1, 0, 1, 0))
    corners = (_at(sums, owners, y, x, size) for y, x in ((rows.ends, columns.ends), (rows.begins, columns.begins)))
    crossed = (_at(sums, owners, y, x, size) for y, x in ((rows.begins, columns.ends), (rows.ends, columns.begins)))
    total = sum(corners) - sum(crossed)
    count = (rows.ends - rows.begins)[:, None, :, None] * (columns.ends - columns.begins)[:, None, None, :]
    return (total / count.clamp(min=1)).to(maps.dtype)


def _cells(low: Tensor, high: Tensor, size: int, side: int) -> _Cells:
    """Cells along one side, of regions from `low` to `high` (n,) in positions, within a map of `side` positions."""
    steps = torch.arange(size + 1, device=low.device)
    borders = low[:, None] + (high - low).clamp(min=LEAST)[:, None] / size * steps
    begins, ends = borders[:, :-1].floor(), borders[:, 1:].ceil()
    return _Cells(*(edge.clamp(0, side).to(torch.int64) for edge in (begins, ends)))


def _at(sums: Tensor, owners: Tensor, rows: Tensor, columns: Tensor, size: int) -> Tensor:
    """(n, C, k, k) sums (B, C · k · k, h + 1, w + 1) at each cell's row and column, (n, k) each."""
    channels, height, width = sums.shape[1:]
    groups = torch.arange(channels, device=sums.device).view(-1, size, size)
    maps = owners.view(-1, 1, 1, 1) * channels + groups
    places = (maps * height + rows[:, None, :, None]) * width + columns[:, None, None, :]
    # gather, since the backward pass of x[places] has no fixed order on the CPU.
    return sums.flatten().gather(0, places.flatten()).view(places.shape)
