"""SSD's further maps: conv4_3 on one scale with the others, and four or five coarser ones.

Paper: Liu et al. 2016, SSD, arXiv 1512.02325, sections 2.1 and 3; the scaling is ParseNet's, arXiv 1506.04579.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.initialise import xavier
from saccade.layers.norms.scaled_unit import ScaledUnit
from saccade.layers.scale import scaled
from saccade.network.part import Neck


@dataclass(frozen=True)
class Extra:
    """One coarser map: a 1 × 1 convolution, then another that makes the map smaller.

    Attributes:
        inner: Channels between the two.
        outer: Channels of the map.
        kernel: Side of the second convolution.
        stride: Of the second convolution.
        padding: Of the second convolution.
    """

    inner: int
    outer: int
    kernel: int = 3
    stride: int = 2
    padding: int = 1


class SsdExtras(Neck):
    """Adds ``norm4``, conv4_3 of unit length times a learnt 20 a channel, then ``conv8_2``, ``conv9_2`` and so on.

    Args:
        trunk: Levels of the trunk, `vgg16_atrous`.
        extras: The coarser maps, one from another, the first from ``fc7``.
        steps: Input pixels between the positions of each coarser map.
        width: Factor of all channels.
    """

    reads = ("conv4_3", "fc7")

    def __init__(
        self, trunk: Mapping[str, Level], extras: Sequence[Extra], steps: Sequence[int], *, width: float = 1.0
    ) -> None:
        super().__init__()
        fine, deep = (trunk[name] for name in self.reads)
        self.norm4 = ScaledUnit(fine.channels, 20.0)
        self.levels = {"norm4": fine}
        entry = deep.channels
        self.names = tuple(f"conv{place}_2" for place in range(8, 8 + len(extras)))
        for name, extra, step in zip(self.names, extras, steps, strict=True):
            inner, outer = scaled(extra.inner, width), scaled(extra.outer, width)
            second = nn.Conv2d(inner, outer, extra.kernel, extra.stride, extra.padding)
            self.add_module(name, nn.Sequential(nn.Conv2d(entry, inner, 1), nn.ReLU(), second, nn.ReLU()))
            self.levels[name] = Level(outer, step)
            entry = outer
        xavier(self)

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The added maps, finest first."""
        added, current = {"norm4": self.norm4(maps["conv4_3"])}, maps["fc7"]
        for name in self.names:
            current = added[name] = self.get_submodule(name)(current)
        return added
