"""The context of each position, gathered from the whole picture.

Papers: Bell, Zitnick, Bala, Girshick 2015, Inside-Outside Net, arXiv 1512.04143, section 3.2; Visin et al. 2016, ReSeg,
arXiv 1511.07053, section 3.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.network.part import Neck


class Context(Neck):
    """Layers that let each position see the whole map, such as sweeps; it adds the map ``context``, of the same size.

    Args:
        trunk: Levels of the trunk.
        reads: Name of the map to read.
        layers: Make (B, channels, h, w) of the map (B, C, h, w).
        channels: Channels of the map that they make.

    Raises:
        UsageError: The map has one position alone.
    """

    def __init__(self, trunk: Mapping[str, Level], reads: str, layers: nn.Module, channels: int) -> None:
        super().__init__()
        level = trunk[reads]
        if level.stride is None:
            raise UsageError("a map with positions", reads)
        self.reads, self.levels = (reads,), {"context": Level(channels, level.stride, level.offset)}
        self.layers = layers

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The map ``context``."""
        return {"context": self.layers(maps[self.reads[0]])}
