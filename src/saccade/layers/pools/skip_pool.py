"""Regions pooled from several maps at once, each brought to one length, so that none drowns the others.

Legend: n regions, C channels, p output positions a side.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.initialise import default
from saccade.layers.pools.region_pool import RegionPool
from saccade.ops.exporting import exporting

# By which both papers stretch vectors of length 1; found by trial to fit layers that follow VGG-16's last convolution.
SCALE = 1000.0
# Least length that is divided by: where a map is silent, noise must not be made as loud as what others see.
LEAST = 1e-4
# Regions that are brought to one length at once: what a cache holds.
AT_ONCE = 64


class SkipPool(nn.Module):
    """RoI max pooling of each map, unit length of all that a region has of it, a scale, and one layer that mixes.

    Papers: Bell et al. 2015, Inside-Outside Net, arXiv 1512.04143, section 3.1; Zagoruyko et al. 2016, MultiPath,
    arXiv 1604.02135, section 3.1.

    Args:
        levels: The maps that there are.
        reads: Names of the maps to pool from.
        channels: Channels that it makes.
        size: p.
        scale: What the scale begins with.
        learnt: Whether the scale learns, a number a channel; else it stays.

    Raises:
        UsageError: A map has one position alone.
    """

    def __init__(
        self,
        levels: Mapping[str, Level],
        reads: Sequence[str],
        channels: int,
        size: int = 7,
        *,
        scale: float = SCALE,
        learnt: bool = False,
    ) -> None:
        super().__init__()
        self.pools = nn.ModuleList([RegionPool(levels, (name,), size) for name in reads])
        entry = sum(levels[name].channels for name in reads)
        self.scale = nn.Parameter(torch.full((entry, 1, 1), scale)) if learnt else scale
        self.mix = nn.Conv2d(entry, channels, 1)
        default(self.mix)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        """(n, channels, p, p) under regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,)."""
        pooled = [pool(maps, regions, owners) for pool in self.pools]
        if exporting() or not len(regions):  # a graph has no loop
            return self._mixed(pooled)
        return torch.cat([self._mixed(some) for some in zip(*(part.split(AT_ONCE) for part in pooled), strict=True)])

    def _mixed(self, pooled: Sequence[Tensor]) -> Tensor:
        parts = [_unit(part) for part in pooled]
        return self.mix((torch.cat(parts, 1) * self.scale).to(parts[0].dtype))


def _unit(pooled: Tensor) -> Tensor:
    """(n, C, p, p), each region's numbers of length 1 together."""
    # In float32: the squares of a region's 25 000 numbers add up beyond what 16 bits hold.
    return F.normalize(pooled.float().flatten(1), dim=1, eps=LEAST).view_as(pooled).to(pooled.dtype)
