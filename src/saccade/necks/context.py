"""The context of each position, gathered from the whole picture.

Paper: Bell, Zitnick, Bala, Girshick 2015, Inside-Outside Net, arXiv 1512.04143, section 3.2.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.recurrent.irnn import Irnn
from saccade.network.part import Neck


class Context(Neck):
    """Two stacked layers of four sweeps each; it adds the map ``context``, of the same size and channels.

    Args:
        trunk: Levels of the trunk.
        reads: Name of the map to read.
        fixed: Whether the sweeps only add up and rectify (see `layers.recurrent.irnn`).

    Raises:
        UsageError: The map has one position alone.
    """

    def __init__(self, trunk: Mapping[str, Level], reads: str, *, fixed: bool = False) -> None:
        super().__init__()
        level = trunk[reads]
        if level.stride is None:
            raise UsageError("a map with positions", reads)
        self.reads, self.levels = (reads,), {"context": level}
        size = level.channels
        self.layers = nn.Sequential(
            *(Irnn(size, size, size, fixed=fixed), nn.ReLU()),
            *(Irnn(size, size, size, fixed=fixed), nn.ReLU()),
        )

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The map ``context``."""
        return {"context": self.layers(maps[self.reads[0]])}
