"""What the whole picture shows, said at each of its positions.

Paper: Liu, Rabinovich, Berg 2015, ParseNet: looking wider to see better, arXiv 1506.04579, section 3.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.norms.scaled_unit import ScaledUnit
from saccade.network.part import Neck

MAP = "global_context"


class GlobalContext(Neck):
    """Maps of one stride side by side, and the average of the first at every position; it adds ``global_context``.

    Each of them is brought to length 1 at every position, times a learnt scale a channel, since their values differ by
    magnitudes.

    Args:
        trunk: Levels of the trunk.
        reads: Names of the maps, the one that is averaged first.
        scale: What the scales begin with.

    Raises:
        UsageError: The maps have no positions, or other strides than the first.
    """

    def __init__(self, trunk: Mapping[str, Level], reads: Sequence[str], scale: float = 10.0) -> None:
        super().__init__()
        levels = [trunk[name] for name in reads]
        strides = {level.stride for level in levels}
        if len(strides) > 1 or None in strides:
            raise UsageError("maps of one stride", ", ".join(f"{name} {trunk[name].stride}" for name in reads))
        self.reads = tuple(reads)
        self.local = nn.ModuleList([ScaledUnit(level.channels, scale) for level in levels])
        self.whole = ScaledUnit(levels[0].channels, scale)
        channels = levels[0].channels + sum(level.channels for level in levels)
        self.levels = {MAP: Level(channels, levels[0].stride, levels[0].offset)}

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The map ``global_context``: the average, then the maps in their order."""
        local = [unit(maps[name]) for name, unit in zip(self.reads, self.local, strict=True)]
        whole = self.whole(maps[self.reads[0]].mean((2, 3), keepdim=True))
        return {MAP: torch.cat([whole.expand(-1, -1, *local[0].shape[-2:]), *local], 1)}
