"""The feature pyramid: maps of one number of channels at every stride, deep ones added to fine ones.

Paper: Lin et al. 2017, Feature pyramid networks, arXiv 1612.03144, section 3.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock, LastLevelMaxPool, LastLevelP6P7

from saccade.core.level import Level
from saccade.network.part import Neck

Coarse = Literal["none", "pool", "convs_of_c5", "convs_of_p5"]


class Pyramid(Neck):
    """torchvision's pyramid over a trunk's maps; it adds ``p2``, ``p3`` …, named by the power of two of their stride.

    Args:
        trunk: Levels of the trunk.
        reads: Names of the maps to read, finest first, each of twice the stride of the one before.
        channels: Channels of every added map.
        coarse: What comes above the deepest: ``none``; ``pool``: one map, every second position of the last (Faster
            R-CNN); ``convs_of_c5`` or ``convs_of_p5``: two maps by convolutions of stride 2, of the trunk's deepest map
            (RetinaNet, section 4) or of the pyramid's own (torchvision).
        pyramid: A pyramid of torchvision's that is so made, to be shared in place of a new one.
    """

    def __init__(
        self,
        trunk: Mapping[str, Level],
        reads: Sequence[str],
        channels: int = 256,
        coarse: Coarse = "none",
        *,
        pyramid: FeaturePyramidNetwork | None = None,
    ) -> None:
        super().__init__()
        levels = [trunk[name] for name in reads]
        self.reads = tuple(reads)
        self.pyramid = pyramid or FeaturePyramidNetwork(
            [level.channels for level in levels], channels, _extra(coarse, levels[-1].channels, channels)
        )
        strides = [level.stride or 1 for level in levels]
        more = {"none": 0, "pool": 1}.get(coarse, 2)
        strides += [strides[-1] * 2 ** (step + 1) for step in range(more)]
        self.levels = dict(zip(_names(strides), [Level(channels, stride) for stride in strides], strict=True))

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The added maps, finest first."""
        found = self.pyramid({name: maps[name] for name in self.reads})
        return dict(zip(self.levels, found.values(), strict=True))


def _names(strides: Sequence[int]) -> list[str]:
    """``p2``, ``p3`` …; of several maps of one stride the later get a further number, as in ``p5_2``."""
    powers = [stride.bit_length() - 1 for stride in strides]
    counts = [powers[: place + 1].count(power) for place, power in enumerate(powers)]
    return [f"p{power}" if count == 1 else f"p{power}_{count}" for power, count in zip(powers, counts, strict=True)]


class _OfDeepest(ExtraFPNBlock):
    """Two maps by convolutions of stride 2, of the trunk's deepest map or of the pyramid's own."""

    def __init__(self, entry: int, channels: int, of_trunk: bool) -> None:
        super().__init__()
        self.of_trunk = of_trunk
        inner = LastLevelP6P7(entry if of_trunk else channels, channels)
        self.p6, self.p7 = inner.p6, inner.p7

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> tuple[list[Tensor], list[str]]:
        """The pyramid's maps and two coarser ones, with their names."""
        p6 = self.p6(_two_columns(x[-1] if self.of_trunk else results[-1]))
        return [*results, p6, self.p7(_two_columns(nn.functional.relu(p6)))], [*names, "p6", "p7"]


def _two_columns(map: Tensor) -> Tensor:
    """The map; if of one column, then with a second of zeros, by which a convolution of stride 2 pads it anyway.

    Of a single column oneDNN, in 16 bits, leaves the gradients of the kernel's outer columns as the memory was before.
    """
    return nn.functional.pad(map, (0, 1)) if map.shape[-1] == 1 else map


def _extra(coarse: Coarse, entry: int, channels: int) -> ExtraFPNBlock | None:
    if coarse == "none":
        return None
    return LastLevelMaxPool() if coarse == "pool" else _OfDeepest(entry, channels, coarse == "convs_of_c5")
