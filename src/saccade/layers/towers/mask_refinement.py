"""A coarse code of an object turned into its outline, map by map towards the finest.

Paper: Pinheiro, Lin, Collobert, Dollár 2016, Learning to refine object segments, arXiv 1603.08695, section 3, as the
released code has it: what a step reads from above and from the side is added up, which is a convolution over both.

Legend: B pictures, n windows, D numbers of one, c cells a side of a window on the map of stride 16.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.blocks.convolution import rectifier
from saccade.layers.blocks.symmetric_padding import SymmetricConv2d
from saccade.layers.scale import scaled

# Channels of the first step from above, halved by each, and of the first layer at the side, of each step.
ABOVE, ASIDE = 32, (64, 64, 64, 32)
# A narrow network has as many from above as the paper's, up to so many: of two everywhere, both soon stay at 0.
NARROWEST = 8


class MaskRefinement(nn.Module):
    """Steps of twice the cells each, which mix what comes from above with a trunk's map.

    Args:
        levels: The trunk's maps by name, from the deepest, each of half the stride of the one before.
        numbers: D.
        side: c.
        width: Factor of the channels.
    """

    def __init__(self, levels: Mapping[str, Level], numbers: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        self.reads, self.side = tuple(levels), side
        channels = [
            max(scaled(ABOVE, width) >> step, min(ABOVE >> step, NARROWEST), 2) for step in range(len(levels) + 1)
        ]
        self.code = nn.Linear(numbers, channels[0] * side * side)
        between = pairwise(channels)
        self.above, self.aside = nn.ModuleList(), nn.ModuleList()
        for (now, then), level, first in zip(between, levels.values(), ASIDE, strict=True):
            self.above.append(_row(now, now, then))
            self.aside.append(_row(level.channels, scaled(first, width), now, then))
        self.last = SymmetricConv2d(channels[-1], 1, 3, padding=1)

    def sides(self, maps: Mapping[str, Tensor]) -> list[Tensor]:
        """What each step reads at the side, of the trunk's maps of whole pictures (B, C, h, w)."""
        return [layers(maps[name]) for layers, name in zip(self.aside, self.reads, strict=True)]

    def forward(self, numbers: Tensor, sides: Sequence[Tensor]) -> Tensor:
        """(n, 16 · c, 16 · c) logits of windows, where there are four maps.

        Args:
            numbers: (n, D).
            sides: What `sides` makes, cut to the windows: (n, C, c, c), then (n, C, 2 · c, 2 · c), and so on.
        """
        found = self.code(numbers).unflatten(1, (-1, self.side, self.side))
        for layers, aside in zip(self.above, sides, strict=True):
            found = F.interpolate(F.relu(layers(found) + aside), scale_factor=2.0, mode="nearest")
        return self.last(found)[:, 0]


def windows_of(maps: Tensor, pictures: Tensor, corners: Tensor, side: int, factor: int) -> Tensor:
    """(n, C, k, k) the windows of maps (B, C, h, w), k = side · factor positions a side.

    Args:
        maps: Of B pictures.
        pictures: (n,) whose window it is.
        corners: (n, 2) row and column of its first cell on the map of stride 16.
        side: Cells a side there.
        factor: Positions of `maps` to one of that map, along a side.
    """
    steps = torch.arange(side * factor, device=maps.device)
    rows, columns = (corners[:, axis, None] * factor + steps for axis in (0, 1))
    found = maps.permute(0, 2, 3, 1)[pictures[:, None, None], rows[:, :, None], columns[:, None]]
    return found.permute(0, 3, 1, 2)


def _row(*channels: int) -> nn.Sequential:
    """3 × 3 convolutions with a rectifier between each two."""
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [SymmetricConv2d(before, after, 3, padding=1), rectifier()]
    return nn.Sequential(*layers[:-1])
