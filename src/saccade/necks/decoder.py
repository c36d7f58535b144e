"""From a coarse map back to fine ones, step by step: FCN's sums, U-Net's concatenations and SegNet's unpooling.

Legend: B pictures, (h, w) positions of a map.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.decoder.fuse import Fuse, met
from saccade.layers.decoder.grow import Grow
from saccade.network.part import Neck


class Step(NamedTuple):
    """One step of a decoder.

    Attributes:
        name: Of the map that it makes.
        like: The map of the trunk whose positions it comes to; it is read where there is something to fuse, and else
            its size alone is. What grew beyond it, as half positions of odd sides do, is cut off.
        grow: Makes the coarse map finer.
        channels: Channels of the map that the step makes.
        fuse: Joins the grown map with the one named by `like`, or None: nothing is joined.
        body: Layers after that, or None.
        places: Name of the map of a pool's places, for unpooling.
        cut: Positions that the body cuts off on every side.
    """

    name: str
    like: str
    grow: Grow
    channels: int
    fuse: Fuse | None = None
    body: nn.Module | None = None
    places: str | None = None
    cut: int = 0


class Decoder(Neck):
    """Steps from a coarse map to finer ones; each adds a map of its own name.

    Where unpadded layers have left two maps of unlike sizes, the larger is cut to the positions that both have, by the
    offsets of their levels.

    Args:
        levels: Levels of the maps that may be read.
        reads: Name of the map to start from.
        steps: The steps, from coarse to fine.
    """

    def __init__(self, levels: Mapping[str, Level], reads: str, steps: Sequence[Step]) -> None:
        super().__init__()
        self.start, self.steps = reads, tuple(steps)
        named = [name for step in steps for name in (step.like, step.places) if name is not None]
        self.reads = tuple(dict.fromkeys([reads, *named]))
        self.grow = nn.ModuleList(step.grow for step in steps)
        self.fuse = nn.ModuleList(step.fuse or nn.Identity() for step in steps)
        self.body = nn.ModuleList(step.body or nn.Identity() for step in steps)
        self._known, before, made = dict(levels), levels[reads], dict[str, Level]()
        for step in steps:
            before = made[step.name] = _after(step, before, levels[step.like])
        self.levels = made

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The map of each step."""
        added: dict[str, Tensor] = {}
        current, level = maps[self.start], self._known[self.start]
        for step, grow, fuse, body in zip(self.steps, self.grow, self.fuse, self.body, strict=True):
            fine = maps[step.like]
            places = None if step.places is None else maps[step.places]
            grown = cast("Grow", grow)(current, (fine.shape[-2], fine.shape[-1]), places)
            grown, fine = met(grown, fine, _shift(level, self._known[step.like]))
            current = added[step.name] = body(grown if step.fuse is None else fuse(grown, fine))
            level = self.levels[step.name]
        return added

    def views(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """``steps``: what fires most after each step, from coarse to fine, a channel a step.

        A channel is chosen by its mean over the picture, of what is above 0 (Noh et al. 2015, DeconvNet, figure 4).
        """
        made = [maps[name].clamp(min=0) for name in self.levels]
        finest = made[-1].shape[-2:]
        strongest = [one[range(len(one)), one.mean((2, 3)).argmax(1)][:, None] for one in made]
        return {"steps": torch.cat([F.interpolate(one, finest) for one in strongest], 1)}


def _after(step: Step, before: Level, like: Level) -> Level:
    """The map that a step makes: of the stride of the map that it comes to, and cut by both maps' offsets."""
    stride = like.stride or 1
    return Level(step.channels, stride, max(before.offset, like.offset) + step.cut * stride)


def _shift(before: Level, like: Level) -> int:
    """Positions that the grown map lacks at the left and above; below 0 the fine one lacks them."""
    return round((before.offset - like.offset) / (like.stride or 1))
