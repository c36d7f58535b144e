"""Layers after a trunk that are none of its own, so that the trunk, which has learnt, may stand still without them."""

from collections.abc import Mapping

from torch import Tensor, nn

from saccade.core.level import Level
from saccade.network.part import Neck


class FurtherLayers(Neck):
    """Stages that run one after another on a map and keep its positions; each adds a map of its own name.

    Args:
        trunk: Levels of the trunk.
        reads: Name of the map to read.
        stages: Modules by the names of their maps.
        channels: Channels of each of these.
    """

    def __init__(self, trunk: Mapping[str, Level], reads: str, stages: Mapping[str, nn.Module], channels: int) -> None:
        super().__init__()
        level = trunk[reads]
        self.reads = (reads,)
        self.levels = {name: Level(channels, level.stride, level.offset) for name in stages}
        for name, stage in stages.items():
            self.add_module(name, stage)

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The map of each stage."""
        added, current = dict[str, Tensor](), maps[self.reads[0]]
        for name in self.levels:
            current = added[name] = self.get_submodule(name)(current)
        return added
