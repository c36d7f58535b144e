"""All maps of a pyramid as one, at the positions of the finest.

Paper: Kirillov, Girshick, He, Dollár 2019, Panoptic feature pyramid networks, arXiv 1901.02446, section 3.1, of which
this is the lightest form: one layer a map, and interpolation for the rest.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.network.part import Neck

FUSED = "fused"


class Fused(Neck):
    """A 1 × 1 convolution a map, grown between its positions; the sum of all, rectified, is the map ``fused``.

    Args:
        levels: Levels of the maps that may be read.
        reads: Names of the maps, finest first.
        channels: Channels of the sum.
    """

    def __init__(self, levels: Mapping[str, Level], reads: Sequence[str], channels: int) -> None:
        super().__init__()
        self.reads = tuple(reads)
        self.project = nn.ModuleDict({name: nn.Conv2d(levels[name].channels, channels, 1) for name in reads})
        self.levels = {FUSED: Level(channels, levels[self.reads[0]].stride)}

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The sum (B, channels, h, w) at the finest map's positions."""
        height, width = maps[self.reads[0]].shape[-2:]
        grown = [
            F.interpolate(project(maps[name]), (height, width), mode="bilinear", align_corners=False)
            for name, project in self.project.items()
        ]
        return {FUSED: F.relu(torch.stack(grown).sum(0))}
