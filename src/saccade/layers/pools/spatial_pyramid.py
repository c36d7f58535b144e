"""Regions as vectors of one length, whatever their size on the map.

Legend: n regions, C channels.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.ops.regions.pool import pool_regions


class SpatialPyramid(nn.Module):
    """Maxima over grids of several finenesses under each region (He et al. 2014, SPP-net, sections 2.2 and 4.1).

    Cells run from the floor to the ceiling of their fractional borders, on the positions that a region rounds to: the
    paper's formula of window and stride gives another number of cells on some maps.

    Args:
        level: The map that is read.
        reads: Its name.
        grids: Positions a side of each level of the pyramid.

    Attributes:
        size: Numbers of a region: C times all cells.

    Raises:
        UsageError: The map has one position alone.
    """

    def __init__(self, level: Level, reads: str, grids: Sequence[int] = (6, 3, 2, 1)) -> None:
        super().__init__()
        if level.stride is None:
            raise UsageError("a map with positions to pool regions from", reads)
        self.reads, self.stride, self.grids = reads, level.stride, tuple(grids)
        self.size = level.channels * sum(side * side for side in grids)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        """(n, size) of regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,), grid by grid."""
        return _cells(maps[self.reads], regions, owners, self.grids, self.stride)


class ScaledSpatialPyramid(nn.Module):
    """A spatial pyramid of the map on which a region looks most like what the network learnt (SPP-net, section 4.1).

    Args:
        maps: The map of each size of the picture, by its name.
        factors: Sizes of the picture over that of the input, map by map.
        stride: Pixels of a picture at its own size between positions of its map.
        grids: Positions a side of each level of the pyramid.
        canonical: Side in pixels of the square whose area a region should come nearest to.

    Attributes:
        size: Numbers of a region: the channels of a map times all cells.
    """

    def __init__(
        self,
        maps: Mapping[str, Level],
        factors: Sequence[float],
        stride: int,
        grids: Sequence[int] = (6, 3, 2, 1),
        canonical: float = 224.0,
    ) -> None:
        super().__init__()
        self.reads, self.factors, self.stride, self.grids = tuple(maps), tuple(factors), stride, tuple(grids)
        self.canonical = canonical
        self.channels = next(iter(maps.values())).channels
        self.size = self.channels * sum(side * side for side in grids)

    def choose(self, regions: Tensor) -> Tensor:
        """(n,) place of the map that each region (n, 4) is read from."""
        areas = (regions[:, 2:] - regions[:, :2]).clamp(min=0).prod(1)
        sizes = areas[:, None] * areas.new_tensor(self.factors).square()
        return (sizes - self.canonical**2).abs().argmin(1)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        """(n, size) of regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,), grid by grid."""
        chosen = self.choose(regions)
        found = maps[self.reads[0]].new_zeros(regions.shape[0], self.size)
        for place, (name, factor) in enumerate(zip(self.reads, self.factors, strict=True)):
            rows = (chosen == place).nonzero()[:, 0]
            # index_copy, since the backward pass of x[rows] has no fixed order on the CPU.
            cells = _cells(maps[name], regions[rows], owners[rows], self.grids, self.stride / factor)
            found = found.index_copy(0, rows, cells)
        return found


def _cells(map: Tensor, regions: Tensor, owners: Tensor, grids: Sequence[int], stride: float) -> Tensor:
    """(n, C · cells) maxima of a map under regions, grid by grid."""
    found = [pool_regions(map, regions, owners, side, stride, "max") for side in grids]
    return torch.cat([pooled.flatten(1) for pooled in found], 1)
