"""RoI max pooling as maxima of rows: of windows whose sides are powers of two, each cell is the maximum of four.

A map is a table with a row for each position, all its channels side by side; further tables hold the maxima of windows
of 1, 2, 4, … positions a side. Two windows of a power of two cover any length up to twice theirs.

Legend: B pictures, C channels, n regions, p output positions a side.
"""

import torch
from torch import Tensor

# Cells that are gathered at once: what a cache holds.
AT_ONCE = 2**10
# Numbers that tables may hold: a fine map's, of a region that spans it, are dozens of times the map.
ENTRIES = 2**25


def max_by_rows(maps: Tensor, regions: Tensor, owners: Tensor, size: int, stride: float) -> Tensor:
    """(n, C, p, p) maxima of rounded cells (Girshick 2015, Fast R-CNN, section 2.1); no gradient passes.

    What torchvision's `roi_pool` gives, to the bit, without its loop over channels.

    Args:
        maps: (B, C, h, w); quickest in channels_last.
        regions: (n, 4) x1, y1, x2, y2 in pixels of the network's input.
        owners: (n,) the picture of each region.
        size: p.
        stride: Input pixels between positions of the map.
    """
    channels, height, width = maps.shape[1:]
    if not len(regions):
        return maps.new_zeros(0, channels, size, size)
    corners = regions.float() * (1 / stride)
    left, right = _cells(corners[:, 0], corners[:, 2], size, width)
    top, bottom = _cells(corners[:, 1], corners[:, 3], size, height)
    across, down = _power(right - left), _power(bottom - top)
    wide, high = int(across.max()) + 1, int(down.max()) + 1
    # (n, p, p): rows of the table where a picture's windows of a cell's powers begin.
    begin = ((down[:, :, None] * wide + across[:, None]) * len(maps) + owners[:, None, None]) * height * width
    rows, columns = ((top, bottom - 2**down), (left, right - 2**across))
    taps = torch.stack([begin + y[:, :, None] * width + x[:, None] for y in rows for x in columns]).flatten(1)
    empty = ((right <= left)[:, None] | (bottom <= top)[:, :, None]).flatten()
    taps = taps.masked_fill(empty, 0)
    each = max(1, ENTRIES // (high * wide * len(maps) * height * width))
    parts = [_maxima(_tables(part, high, wide), taps) for part in maps.permute(0, 2, 3, 1).split(each, -1)]
    found = torch.cat(parts, 1).masked_fill_(empty[:, None], 0)
    return found.view(len(regions), size, size, channels).permute(0, 3, 1, 2)


def _cells(low: Tensor, high: Tensor, size: int, length: int) -> tuple[Tensor, Tensor]:
    """(n, p) first positions of cells, and those after their last, along one axis; cells share positions."""
    begin = _rounded(low)
    step = (_rounded(high) - begin + 1).clamp(min=1)[:, None] / size
    places = torch.arange(size, device=low.device)
    first, last = (places * step).floor() + begin[:, None], ((places + 1) * step).ceil() + begin[:, None]
    return first.clamp(0, length).long(), last.clamp(0, length).long()


def _rounded(values: Tensor) -> Tensor:
    """The nearest whole numbers, of two the one further from 0, as C rounds; torch rounds to the even one."""
    whole = values.trunc()
    return torch.where((values - whole).abs() == 0.5, whole + values.sign(), values.round())


def _power(lengths: Tensor) -> Tensor:
    """Exponent of the greatest power of two up to each length, 0 of none."""
    return lengths.clamp(min=1).float().log2().floor().long()


def _tables(maps: Tensor, down: int, across: int) -> Tensor:
    """(down · across · B · h · w, C) maxima of windows of 2^i by 2^j positions that begin at each position."""
    tables: list[Tensor] = []
    for i in range(down):
        maps = maps if not i else _doubled(maps, 1, 2 ** (i - 1))
        wider = maps
        for j in range(across):
            wider = wider if not j else _doubled(wider, 2, 2 ** (j - 1))
            tables.append(wider)
    return torch.stack(tables).flatten(0, -2)


def _doubled(maps: Tensor, axis: int, step: int) -> Tensor:
    """The maximum of each window and the next one beside it, where there is one."""
    left = maps.shape[axis] - step
    found = maps.clone()
    found.narrow(axis, 0, left).copy_(torch.maximum(maps.narrow(axis, 0, left), maps.narrow(axis, step, left)))
    return found


def _maxima(tables: Tensor, taps: Tensor) -> Tensor:
    """(cells, C) maxima of four rows each, of `taps` (4, cells)."""
    runs = [slice(start, start + AT_ONCE) for start in range(0, taps.shape[1], AT_ONCE)]
    return torch.cat([_greatest(*(tables.index_select(0, tap[run]) for tap in taps)) for run in runs])


def _greatest(first: Tensor, second: Tensor, third: Tensor, fourth: Tensor) -> Tensor:
    return torch.maximum(torch.maximum(first, second), torch.maximum(third, fourth))
