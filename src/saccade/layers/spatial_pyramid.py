"""Regions as vectors of one length, whatever their size on the map.

Legend: n regions, C channels.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.ops.pool import pool_regions


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
            raise UsageError(f"a map with positions is expected to pool regions from, found {reads}")
        self.reads, self.stride, self.grids = reads, level.stride, tuple(grids)
        self.size = level.channels * sum(side * side for side in grids)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        """(n, size) of regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,), grid by grid."""
        found = [pool_regions(maps[self.reads], regions, owners, side, self.stride, "max") for side in self.grids]
        return torch.cat([pooled.flatten(1) for pooled in found], 1)
