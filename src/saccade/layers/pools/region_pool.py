"""Pooling of regions as a part: from one map, or from the map of a pyramid that fits a region's size.

Legend: B pictures, n regions, C channels, p output positions a side.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.ops.regions.pool import Kind, level_of, pool_regions


class RegionPool(nn.Module):
    """Maps under regions, brought to p × p positions.

    Args:
        levels: The maps that there are.
        reads: Names of the maps to pool from, finest first; of several, each of twice the stride of the one before and
            of the same channels, a region's size decides which one it is read from (Lin et al. 2017, FPN, equation 1).
        size: p.
        kind: ``max``: RoI max pooling with rounded cells (Girshick 2015). ``align``: bilinear samples (He et al. 2017).

    Raises:
        UsageError: A map has one position alone, where no region lies.
    """

    def __init__(self, levels: Mapping[str, Level], reads: Sequence[str], size: int = 7, kind: Kind = "max") -> None:
        super().__init__()
        strides = [levels[name].stride for name in reads]
        if None in strides:
            raise UsageError("maps with positions to pool regions from", ", ".join(reads))
        self.reads, self.strides, self.size = tuple(reads), tuple(stride or 1 for stride in strides), size
        self.kind: Kind = kind
        self.channels = levels[reads[0]].channels

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        """(n, C, p, p) under regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,)."""
        if len(self.reads) == 1:
            return self._level(0, maps, regions, owners)
        finest = self.strides[0].bit_length() - 1
        level = level_of(regions, len(self.reads), finest=finest)
        rows = [(level == place).nonzero()[:, 0] for place in range(len(self.reads))]
        pooled = torch.cat([self._level(at, maps, regions[mine], owners[mine]) for at, mine in enumerate(rows)])
        # Back into the regions' order by index_select: index_copy keeps what it writes for the backward pass, and that
        # of x[rows] has no fixed order on the CPU.
        return pooled.index_select(0, torch.cat(rows).argsort())

    def _level(self, place: int, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        return pool_regions(maps[self.reads[place]], regions, owners, self.size, self.strides[place], self.kind)
