"""Scores of classes at a map's own positions, before anybody brings them to the picture's pixels.

Papers: Chen et al. 2014, DeepLab, arXiv 1412.7062; Chen et al. 2016, arXiv 1606.00915; Yu, Koltun 2015, arXiv
1511.07122.

Legend: B pictures, C classes, (h, w) positions.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.initialise import normal

CLASS, FRONT = "class", "front"


class CoarseScores(nn.Module, ABC):
    """Named maps to scores of their positions.

    Attributes:
        reads: Names of the maps.
        terms: Names of the scores that it makes, each of which is learnt: ``class``, the last word, stands first.
    """

    reads: tuple[str, ...]
    terms: tuple[str, ...]

    @abstractmethod
    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """(B, C, h, w) scores of maps (B, channels, h, w), by their terms."""


class SummedScores(CoarseScores):
    """A 1 × 1 convolution a map, all of one size, and the sum: one classifier of their channels side by side.

    Layers are named by their maps, ``score.fc7``, so that a network of fewer maps hands its weights on to one of more.

    Args:
        maps: The maps.
        classes: C.
        deviation: Of the normal distribution from which weights begin.
    """

    terms = (CLASS,)

    def __init__(self, maps: Mapping[str, Level], classes: int, deviation: float = 0.01) -> None:
        super().__init__()
        self.reads = tuple(maps)
        self.score = nn.ModuleDict({name: nn.Conv2d(level.channels, classes, 1) for name, level in maps.items()})
        normal(self.score, deviation)

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """``class``."""
        return {CLASS: torch.stack([score(maps[name]) for name, score in self.score.items()]).sum(0)}


class FusedScores(CoarseScores):
    """Layers that are the same for maps of several sizes of the picture, and the maximum of their scores.

    Args:
        maps: Names of the maps, the largest last; it has the positions at which all are compared.
        layers: Make (B, C, h, w) scores of one map.
        corners: Whether first and last positions of all maps lie on the same points of the picture, its corners.
    """

    def __init__(self, maps: Sequence[str], layers: nn.Module, *, corners: bool) -> None:
        super().__init__()
        self.reads, self.layers, self.corners = tuple(maps), layers, corners
        self.terms = (CLASS, *(self.reads if len(self.reads) > 1 else ()))

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """``class``, and where there are several, each map's own scores by its name."""
        each = {name: self.layers(maps[name]) for name in self.reads}
        if len(each) == 1:
            return {CLASS: each[self.reads[0]]}
        size = each[self.reads[-1]].shape[-2:]
        grown = [
            scores
            if name == self.reads[-1]
            else F.interpolate(scores, size, mode="bilinear", align_corners=self.corners)
            for name, scores in each.items()
        ]
        return {CLASS: torch.stack(grown).amax(0), **each}


class ScoresInContext(CoarseScores):
    """Scores of a map, and what layers make of them that see their surroundings.

    Args:
        map: Name of the map.
        score: Makes (B, C, h, w) scores of it.
        context: Makes (B, C, h, w) scores of scores, or None: the scores stand as they are.
    """

    def __init__(self, map: str, score: nn.Module, context: nn.Module | None = None) -> None:
        super().__init__()
        self.reads, self.score, self.context = (map,), score, context
        self.terms = (CLASS,) if context is None else (CLASS, FRONT)

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """``class``, and where there is context ``front``, the scores before."""
        front = self.score(maps[self.reads[0]])
        return {CLASS: front} if self.context is None else {CLASS: self.context(front), FRONT: front}
