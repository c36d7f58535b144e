"""What brings scores of contours of several maps to the picture's pixels, each side by itself and all of them fused.

Papers: Xie, Tu 2015, Holistically-nested edge detection (HED), arXiv 1504.06375, section 3; Yu, Feng, Liu, Ramalingam
2017, CASENet, arXiv 1705.09759, section 4; both as released.

Legend: B pictures, C maps that are told, T outputs that are learnt, S sides, (H, W) the picture's pixels.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.initialise import normal

FUSE = "fuse"


class ContourScores(nn.Module, ABC):
    """Named maps to scores of contours.

    Attributes:
        reads: Names of the maps.
        terms: T names of the outputs, each of which is learnt; the fused one stands last.
        classes: C.
    """

    reads: tuple[str, ...]
    terms: tuple[str, ...]
    classes: int

    @abstractmethod
    def forward(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor:
        """(B, T, C, H, W) scores before the sigmoid of maps (B, channels, h, w), for pictures of `size` (H, W)."""

    def views(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
        """What there is to see of it beside its outputs, (B, S, H, W) each; nothing unless it says so."""
        del maps, size
        return {}


class SideScores(ContourScores):
    """A 1 × 1 convolution a map, grown between its positions, and a weighted sum of all (HED).

    The convolutions begin at 0, and each side weighs as much as another in the sum.

    Args:
        maps: The maps, from the finest; their sides are called ``side1``, ``side2`` and so on.
        corners: Whether first and last positions stand on the picture's corner pixels; see `grown`.

    Raises:
        UsageError: Layers before a map cut off pixels.
    """

    classes = 1

    def __init__(self, maps: Mapping[str, Level], *, corners: bool) -> None:
        super().__init__()
        check_padded(maps)
        self.reads, self.corners, self.levels = tuple(maps), corners, dict(maps)
        names = [f"side{number}" for number in range(1, len(maps) + 1)]
        self.terms = (*names, FUSE)
        self.side = nn.ModuleDict(
            {name: nn.Conv2d(level.channels, 1, 1) for name, level in zip(names, maps.values(), strict=True)}
        )
        self.fuse = nn.Conv2d(len(maps), 1, 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            self.fuse.weight.fill_(1 / len(maps))

    def forward(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor:
        """(B, S + 1, 1, H, W) scores of the sides, and of their sum."""
        scores = [
            grown(side(maps[name]), self.levels[name], size, corners=self.corners)
            for name, side in zip(self.reads, self.side.values(), strict=True)
        ]
        sides = torch.cat(scores, 1)
        return torch.cat([sides, self.fuse(sides)], 1)[:, :, None]


class ClassSideScores(ContourScores):
    """Scores of classes of the deepest map, and for each class a weighted sum of these and of features of fine maps.

    The features, one a map, are shared by all classes and not learnt by themselves (CASENet: its ``side5`` alone is).

    Args:
        fine: The maps with features, from the finest.
        deep: The map with the classes.
        classes: C.
        corners: Whether first and last positions stand on the picture's corner pixels; see `grown`.

    Raises:
        UsageError: Layers before a map cut off pixels.
    """

    terms = ("side5", FUSE)

    def __init__(self, fine: Mapping[str, Level], deep: Mapping[str, Level], classes: int, *, corners: bool) -> None:
        super().__init__()
        self.fine, (self.deep,), self.classes = tuple(fine), tuple(deep), classes
        self.reads, self.corners, self.levels = (*self.fine, self.deep), corners, {**fine, **deep}
        check_padded(self.levels)
        names = [f"side{number}" for number in range(1, len(fine) + 1)]
        self.side = nn.ModuleDict(
            {name: nn.Conv2d(level.channels, 1, 1) for name, level in zip(names, fine.values(), strict=True)}
        )
        self.score = nn.Conv2d(deep[self.deep].channels, classes, 1)
        self.fuse = nn.Conv2d(classes * (len(fine) + 1), classes, 1, groups=classes)
        normal(self)
        with torch.no_grad():
            self.fuse.weight.fill_(1 / (len(fine) + 1))

    def forward(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor:
        """(B, 2, C, H, W) scores of the deepest map, and of the sum."""
        scores = grown(self.score(maps[self.deep]), self.levels[self.deep], size, corners=self.corners)
        shared = self._features(maps, size)[:, None].expand(-1, self.classes, -1, -1, -1)
        sliced = torch.cat([scores[:, :, None], shared], 2).flatten(1, 2)
        return torch.stack([scores, self.fuse(sliced)], 1)

    def views(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
        """``features``, a tile a fine map."""
        return {"features": self._features(maps, size)}

    def _features(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor:
        """(B, S, H, W) of the fine maps."""
        features = [
            grown(side(maps[name]), self.levels[name], size, corners=self.corners)
            for name, side in zip(self.fine, self.side.values(), strict=True)
        ]
        return torch.cat(features, 1)


def check_padded(maps: Mapping[str, Level]) -> None:
    """Refuse maps that do not reach the picture's edges.

    Raises:
        UsageError: Layers before one of them cut off pixels.
    """
    short = [name for name, level in maps.items() if level.offset > 0]
    if short:
        raise UsageError(
            "maps of layers that pad",
            f"{short[0]}, which lacks {maps[short[0]].offset:g} pixels",
            cure="choose another trunk",
        )


def grown(map: Tensor, level: Level, size: tuple[int, int], *, corners: bool) -> Tensor:
    """A map (B, C, h, w) at (H, W) pixels, linear in between: what fixed bilinear kernels give.

    Args:
        map: The map.
        level: What it is. Where its first position lies in a wide padding, the rim is cut off.
        size: (H, W).
        corners: Whether its first and last positions stand on the picture's corner pixels.
    """
    rim = round(-level.offset)
    if not rim:
        return F.interpolate(map, size, mode="bilinear", align_corners=corners)
    if level.stride not in (1, None):
        map = F.interpolate(map, scale_factor=float(level.stride), mode="bilinear", align_corners=False)
    return map[..., rim : rim + size[0], rim : rim + size[1]]
