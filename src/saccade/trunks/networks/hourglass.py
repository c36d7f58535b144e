"""Hourglasses one after another, each of which says where the joints are and hands on what it thinks.

Paper: Newell, Yang, Deng 2016, Stacked hourglass networks for human pose estimation, arXiv 1603.06937, section 3;
layers as in the code that was released with it.

Legend: B pictures, K joints, (h, w) a quarter of the picture's sides.
"""

import torch
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.blocks.hourglass import Hourglass, PreActivatedBottleneck, bottlenecks
from saccade.layers.scale import scaled
from saccade.network.maps import Maps
from saccade.network.part import Trunk
from saccade.trunks.chain import named
from saccade.trunks.inputs import zero_to_one

# Channels of the stem's layers and of the hourglasses; how often each halves its map; pixels between two positions.
STEM, FEATURES, DEPTH, STRIDE = (64, 128), 256, 4, 4
# Sides of pictures are multiples of it: the deepest map has one position for so many pixels.
MULTIPLE = STRIDE * 2**DEPTH


class HourglassStage(nn.Module):
    """One hourglass, the maps that it tells, and what the next one begins with.

    Args:
        joints: K.
        size: Channels.
        modules: Bottlenecks in a row at each place.
        last: Whether no other hourglass follows.
    """

    def __init__(self, joints: int, size: int, modules: int, *, last: bool) -> None:
        super().__init__()
        self.hourglass, self.after = Hourglass(DEPTH, size, modules), bottlenecks(size, modules)
        self.features = named(conv=nn.Conv2d(size, size, 1), norm=nn.BatchNorm2d(size), relu=nn.ReLU(inplace=True))
        self.maps = nn.Conv2d(size, joints, 1)
        self.from_features = None if last else nn.Conv2d(size, size, 1)
        self.from_maps = None if last else nn.Conv2d(joints, size, 1)

    def forward(self, entry: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K, h, w) maps of joints, and (B, size, h, w) for the next stage; of the last stage its features."""
        features = self.features(self.after(self.hourglass(entry)))
        maps = self.maps(features)
        if self.from_features is None or self.from_maps is None:
            return maps, features
        return maps, entry + self.from_features(features) + self.from_maps(maps)


class StackedHourglass(Trunk):
    """A stem that brings pictures to a quarter of their size, and hourglasses in a row.

    Maps: ``stem``, and ``stack1`` … ``stackN``, the K maps of joints that each hourglass tells.

    Args:
        joints: K.
        stacks: N.
        modules: Bottlenecks in a row at each place of an hourglass.
        width: Factor of all channels but the joints'.
        channels: Channels of the picture.

    Raises:
        UsageError: There is no hourglass, or no bottleneck.
    """

    def __init__(
        self, joints: int, *, stacks: int = 8, modules: int = 1, width: float = 1.0, channels: int = 3
    ) -> None:
        super().__init__()
        if stacks < 1 or modules < 1:
            raise UsageError("one hourglass or more of one module or more", f"stacks={stacks}, modules={modules}")
        first, second, size = (scaled(number, width) for number in (*STEM, FEATURES))
        self.stem = named(
            conv=nn.Conv2d(channels, first, 7, 2, 3),
            norm=nn.BatchNorm2d(first),
            relu=nn.ReLU(inplace=True),
            block1=PreActivatedBottleneck(first, second),
            pool=nn.MaxPool2d(2),
            block2=PreActivatedBottleneck(second, second),
            block3=PreActivatedBottleneck(second, size),
        )
        self.stacks = nn.ModuleList(
            HourglassStage(joints, size, modules, last=place == stacks - 1) for place in range(stacks)
        )
        told = {f"stack{number}": Level(joints, STRIDE) for number in range(1, stacks + 1)}
        self.levels = {"stem": Level(size, STRIDE), **told}
        self.preprocessing = zero_to_one(channels)
        places = [f"stacks.{place}.{name}" for place in range(stacks) for name in ("maps", "from_maps")]
        self.sized_by_classes = tuple(places[:-1])

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Named maps of pictures (B, channels, H, W), whose sides are multiples of 64."""
        entry = self.stem(images)
        found = {"stem": entry}
        for number, stage in enumerate(self.stacks, 1):
            found[f"stack{number}"], entry = stage(entry)
        return found

    def views(self, maps: Maps) -> dict[str, Tensor]:
        """``second_and_last``: of each joint the second hourglass's map beside the last one's, where these differ."""
        if len(self.stacks) < 3:
            return {}
        second, last = maps["stack2"], maps[f"stack{len(self.stacks)}"]
        return {"second_and_last": torch.stack([second, last], 2).flatten(1, 2).float()}
