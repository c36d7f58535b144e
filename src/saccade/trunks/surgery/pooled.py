"""A trunk whose map is averaged over its positions, at one size of the picture or several."""

from collections.abc import Sequence

import torch
from torch import Tensor

from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.ops.windows.scales import resized

POOLED = "pooled"


class PooledTrunk(Trunk):
    """All maps of a trunk, and ``pooled``: the average of one of them over its positions and over several sizes.

    Weights keep the names that they have in the trunk alone, so that those of other systems fit.

    Args:
        trunk: The trunk, whose layers are shared.
        layer: Name of the map that is averaged.
        factors: Sizes at which the picture is seen besides its own, as factors of its sides.

    Raises:
        ValueError: The trunk has no such map; the message lists those that it has.
    """

    def __init__(self, trunk: Trunk, layer: str, factors: Sequence[float] = ()) -> None:
        super().__init__()
        if layer not in trunk.levels:
            raise ValueError(f"expected a map of the trunk, one of {', '.join(trunk.levels)}, found {layer!r}")
        for name, child in trunk.named_children():
            self.add_module(name, child)
        # In a tuple it is no child: its layers are children already, under their own names.
        self._trunk = (trunk,)
        self.preprocessing = trunk.preprocessing
        self.layer, self.factors = layer, tuple(factors)
        self.levels = {**trunk.levels, POOLED: Level(trunk.levels[layer].channels, None)}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Named maps of pictures (B, channels, H, W); ``pooled`` is (B, C, 1, 1)."""
        maps = self._trunk[0](images)
        averages = [maps[self.layer].mean((2, 3), keepdim=True)]
        for factor in self.factors:
            side = [round(length * factor) for length in images.shape[2:]]
            averages.append(self._trunk[0](resized(images, side))[self.layer].mean((2, 3), keepdim=True))
        return {**maps, POOLED: torch.stack(averages).mean(0)}
