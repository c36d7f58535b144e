"""Scores of classes on maps of several strides, summed from coarse to fine and brought to the picture's pixels.

Paper: Long, Shelhamer, Darrell 2015, Fully convolutional networks, arXiv 1411.4038, section 4.2.

Legend: B pictures, C classes, (H, W) the picture's pixels.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from saccade.core.errors import ConfigError
from saccade.core.level import Level
from saccade.layers.decoder.fuse import met
from saccade.layers.decoder.pixel_scores import PixelScores
from saccade.layers.decoder.upsampling import kernel_side, upsampling


class ScoredMap(NamedTuple):
    """A map whose positions are scored.

    Attributes:
        name: The map's name.
        level: What it is.
        scale: Factor of its features before they are scored.
    """

    name: str
    level: Level
    scale: float = 1.0


class SkipScores(PixelScores):
    """A 1 × 1 convolution a map, beginning at 0; sums of the grown coarse scores and the fine ones; a last growth.

    Layers are named by strides, ``score.stride32`` and ``grow.from32to16``, so that a network of fewer maps hands its
    weights on to one of more.

    Args:
        maps: The maps, of falling strides.
        classes: C.
        learnt: Whether the growing kernels, bilinear at first, learn.
        grouped: Whether there is one growing kernel a class in place of C × C.

    Raises:
        ConfigError: The scores would not reach the picture's edges.
    """

    def __init__(self, maps: Sequence[ScoredMap], classes: int, *, learnt: bool = False, grouped: bool = False) -> None:
        super().__init__()
        self.reads = tuple(one.name for one in maps)
        self.scales = tuple(one.scale for one in maps)
        self.score, self.grow = nn.ModuleDict(), nn.ModuleDict()
        self.shifts: list[int] = []
        strides = [one.level.stride or 1 for one in maps]
        offset = maps[0].level.offset
        ends = [*zip(strides[1:], (one.level.offset for one in maps[1:]), strict=True), (1, 0.0)]
        for one, (stride, edge) in zip(maps, ends, strict=True):
            before = one.level.stride or 1
            self.score[f"stride{before}"] = _score(one.level.channels, classes)
            factor = before // stride
            self.grow[f"from{before}to{stride}"] = upsampling(classes, factor, learnt=learnt, grouped=grouped)
            offset -= stride * ((kernel_side(factor) - factor) // 2)
            self.shifts.append(round((offset - edge) / stride))
            # What begins earlier is cut, so that the sum begins where the other does.
            offset = edge if self.shifts[-1] < 0 else offset
        if self.shifts[-1] > 0:
            raise ConfigError(
                "scores that reach the picture's edges",
                f"the first {self.shifts[-1]} pixels without any",
                cure="take a wider padding, or padding=0, which pads each layer",
            )

    def forward(self, maps: Mapping[str, Tensor], size: tuple[int, int], *, coarsest_alone: bool = False) -> Tensor:
        """(B, C, H, W) scores of maps (B, channels, h, w), for pictures of `size`.

        Args:
            maps: The maps by name.
            size: (H, W).
            coarsest_alone: Whether the scores of finer maps are left out, to see what they add.
        """
        total = None
        for name, scale, score, grow, shift in zip(
            self.reads, self.scales, self.score.values(), self.grow.values(), (0, *self.shifts), strict=False
        ):
            scores = score(maps[name] if scale == 1 else maps[name] * scale)
            if total is not None:
                grown, fine = met(total, scores, shift)
                scores = grown if coarsest_alone else grown + fine
            total = grow(scores)
        if total is None:
            raise ValueError("expected at least one map to score, found none")
        first = -self.shifts[-1]
        return total[..., first : first + size[0], first : first + size[1]]


def _score(channels: int, classes: int) -> nn.Conv2d:
    layer = nn.Conv2d(channels, classes, 1)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
