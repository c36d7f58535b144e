"""Scores and boxes of regions by votes from maps that know which part of an object they look for.

Legend: n regions, k cells a side, C channels.
"""

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.initialise import normal
from saccade.layers.towers.region_towers import Outputs
from saccade.ops.regions.position_sensitive import pool_position_sensitive


class PositionSensitiveTower(nn.Module):
    """k × k maps for each logit and each edge of a box; a region's cells average each its own (Dai et al. 2016).

    Args:
        level: The map that is read.
        reads: Its name.
        hidden: Channels that it is first brought to.
        cells: k.
        outputs: What is asked for.

    Raises:
        UsageError: The map has one position alone.
    """

    def __init__(self, level: Level, reads: str, hidden: int, cells: int, outputs: Outputs) -> None:
        super().__init__()
        if level.stride is None:
            raise UsageError("a map with positions to pool regions from", reads)
        self.reads, self.stride, self.cells = reads, level.stride, cells
        self.reduce = nn.Conv2d(level.channels, hidden, 1)
        self.score = nn.Conv2d(hidden, outputs.logits * cells**2, 1)
        self.box = nn.Conv2d(hidden, 4 * outputs.boxes * cells**2, 1)
        normal(self)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, ·) and codes (n, ·, 4): means of the cells' votes."""
        found = F.relu(self.reduce(maps[self.reads]))
        logits, codes = (self._votes(part(found), regions, owners) for part in (self.score, self.box))
        return logits, codes.unflatten(1, (-1, 4))

    def _votes(self, maps: Tensor, regions: Tensor, owners: Tensor) -> Tensor:
        return pool_position_sensitive(maps, regions, owners, self.cells, self.stride).mean((2, 3))
