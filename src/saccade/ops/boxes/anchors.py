"""Anchors: the boxes that a detector starts from, the same few at every position of a map.

`bases` hold the boxes of one position, relative to that position's point; `grid` lays them out over a map.

Legend: A anchors a position, (h, w) positions of a map. Boxes are x1, y1, x2, y2 in pixels of the network's input.
"""

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor


def ratio_bases(sizes: Sequence[float], ratios: Sequence[float], *, whole: bool = True) -> Tensor:
    """Boxes about the origin, one for each ratio and, within it, each size.

    Args:
        sizes: Square roots of the areas, in pixels.
        ratios: Heights over widths.
        whole: Round the corners to whole pixels, as torchvision and Detectron do.

    Returns:
        (A, 4), A = ratios × sizes.
    """
    tall = torch.tensor(list(ratios), dtype=torch.float32).sqrt()[:, None]
    side = torch.tensor(list(sizes), dtype=torch.float32)[None]
    half = torch.stack([(side / tall).flatten(), (side * tall).flatten()], 1) / 2
    bases = torch.cat([-half, half], 1)
    return bases.round() if whole else bases


def paper_bases(scales: Sequence[float], ratios: Sequence[float], base: int = 16) -> Tensor:
    """Faster R-CNN's own nine: a box of `base` pixels is bent to each ratio, rounded, and then enlarged.

    They lie about base / 2. The authors' code counts pixels, width = x2 - x1 + 1, so that its right and lower corners
    are less by 1. Source: Ren et al. 2015, section 3.1, and the authors' anchor code.

    Returns:
        (A, 4), A = ratios × scales.
    """
    rows: list[list[float]] = []
    for ratio in ratios:
        width = round(sqrt(base * base / ratio))
        height = round(width * ratio)
        for scale in scales:
            x, y = width * scale / 2, height * scale / 2
            rows.append([base / 2 - x, base / 2 - y, base / 2 + x, base / 2 + y])
    return torch.tensor(rows)


def default_bases(smallest: float, largest: float, ratios: Sequence[float], step: float) -> Tensor:
    """SSD's default boxes: a square, one of the geometric mean with the next size, then each ratio lying and standing.

    Args:
        smallest: Side of the square, in pixels.
        largest: `smallest` of the next map.
        ratios: Widths over heights above 1.
        step: Pixels between positions; the boxes lie about its half.

    Returns:
        (2 + 2 · ratios, 4). Source: Liu et al. 2016, section 2.2.
    """
    mean = sqrt(smallest * largest)
    sides = [(smallest, smallest), (mean, mean)]
    for ratio in ratios:
        root = sqrt(ratio)
        sides += [(smallest * root, smallest / root), (smallest / root, smallest * root)]
    half = torch.tensor(sides) / 2
    return torch.cat([step / 2 - half, step / 2 + half], 1)


def grid(bases: Tensor, shape: tuple[int, int], step: tuple[float, float]) -> Tensor:
    """The boxes of one position laid out over a map.

    Args:
        bases: (A, 4) relative to a position's point, which is (column · step, row · step).
        shape: (h, w) positions.
        step: Pixels between positions, down and across.

    Returns:
        (h · w · A, 4), row by row, position by position.
    """
    down = torch.arange(shape[0], dtype=bases.dtype, device=bases.device) * step[0]
    across = torch.arange(shape[1], dtype=bases.dtype, device=bases.device) * step[1]
    y, x = torch.meshgrid(down, across, indexing="ij")
    points = torch.stack([x, y, x, y], -1).view(-1, 1, 4)
    return (points + bases).view(-1, 4)
