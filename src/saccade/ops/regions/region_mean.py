"""Means of a map over regions of any shape, and classes of such regions.

Legend: R regions, C channels, (m, n) positions of a map, (h, w) a picture's pixels, K classes.
"""

import torch
from torch import Tensor


def region_means(map: Tensor, regions: Tensor, size: tuple[int, int]) -> Tensor:
    """(R, C) the means over regions of a map as interpolation between its positions brings it to the pixels.

    The map itself never becomes that large: each region is a row of weights of the positions.

    Args:
        map: (C, m, n).
        regions: (h, w) int64, the region of each pixel, from 0 without gaps.
        size: (H, W) of the padded picture that the map was made of; its upper left (h, w) pixels have regions.
    """
    count = int(regions.max()) + 1
    rows, columns = (
        _between(length, whole, positions, map.device)
        for length, whole, positions in zip(regions.shape, size, map.shape[-2:], strict=True)
    )
    weights = torch.zeros(count * map.shape[-2] * map.shape[-1], device=map.device)
    first = regions * map.shape[-2] * map.shape[-1]
    for row, down in rows:
        for column, across in columns:
            cells = first + row[:, None] * map.shape[-1] + column
            weights.index_add_(0, cells.flatten(), (down[:, None] * across).flatten())
    shares = weights.view(count, -1) / torch.bincount(regions.flatten(), minlength=count)[:, None]
    return shares.to(map.dtype) @ map.flatten(1).T


def _between(length: int, whole: int, positions: int, device: torch.device) -> list[tuple[Tensor, Tensor]]:
    """Along one axis, for the first `length` of `whole` pixels: the position before and after each, and what it counts.

    Pixels beyond the middle of the outermost positions are theirs alone.
    """
    places = (torch.arange(length, device=device) + 0.5) * (positions / whole) - 0.5
    places = places.clamp(0, positions - 1)
    before = places.floor().long()
    after, share = (before + 1).clamp(max=positions - 1), places - before
    return [(before, 1 - share), (after, share)]


def majority(labels: Tensor, regions: Tensor, classes: int, ignore: int) -> Tensor:
    """(R,) int64 the class that most of a region's pixels have, `ignore` where none has one.

    Args:
        labels: (h, w) int64 classes, `ignore` where a pixel has none.
        regions: (h, w) int64, the region of each pixel, from 0 without gaps.
        classes: K.
        ignore: The label of pixels without a class.
    """
    count, known = int(regions.max()) + 1, labels != ignore
    votes = torch.bincount(regions[known] * classes + labels[known], minlength=count * classes).view(count, classes)
    return votes.argmax(1).masked_fill(votes.sum(1) == 0, ignore)
