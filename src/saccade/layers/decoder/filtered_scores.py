"""Coarse scores of classes, grown to the picture's pixels and smoothed up to learnt edges.

Paper: Chen, Barron, Papandreou, Murphy, Yuille 2015, Semantic image segmentation with task-specific edge detection
using CNNs and a discriminatively trained domain transform, arXiv 1511.03328, sections 3.1 to 3.4.

Legend: B pictures, C classes, (H, W) the picture's pixels.
"""

from collections.abc import Mapping
from math import expm1, log, sqrt
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.decoder.pixel_scores import PixelScores
from saccade.layers.initialise import normal
from saccade.ops.domain_transform import filtered, sigmas, weights_of

Gate = Literal["edges", "gru"]

# Of .01 where 896 channels are read, as of VGG-16's three maps.
DEVIATION = 0.3


class EdgeNet(nn.Module):
    """A number a pixel of maps of several strides: one 1 × 1 convolution of their channels side by side.

    Each map is read at its own positions, and the one channel that this gives grows, linearly in between; the sum is
    the same as if all channels had grown before, at a thousandth of the memory.

    Args:
        maps: The maps.
        corners: Whether first and last positions stand on the picture's corner pixels, as in `CoarsePixelHead`.
        start: The bias at first.
    """

    def __init__(self, maps: Mapping[str, Level], *, corners: bool, start: float = 0.0) -> None:
        super().__init__()
        self.corners = corners
        layers = {name: nn.Conv2d(level.channels, 1, 1, bias=False) for name, level in maps.items()}
        self.score = nn.ModuleDict(layers)
        normal(self.score, DEVIATION / sqrt(sum(level.channels for level in maps.values())))
        self.bias = nn.Parameter(torch.full((1,), start))

    def forward(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor:
        """(B, H, W) of maps (B, channels, h, w)."""
        grown = [grow(score(maps[name]), size, corners=self.corners) for name, score in self.score.items()]
        return torch.stack(grown).sum(0)[:, 0] + self.bias


class FilteredScores(PixelScores):
    """Scores of a coarse map, and the domain transform, which keeps to edges that an `EdgeNet` draws.

    Where it is a filter by edges, edge maps are rectified. As a gated recurrent unit, the filter mixes z x + (1 - z) y
    with z = σ(f) and f an `EdgeNet`'s number itself: so it may carry on what was before more than edges of 0 do, and
    begins as these do (section 3.4). The next iterations' 1 - z are squares of this one's.

    Args:
        coarse: The map with the classes, by its name.
        fine: The maps with the edges.
        classes: C.
        corners: Whether first and last positions stand on the picture's corner pixels.
        gate: What the filter's gate is computed of.
        sigma_space: Pixels; see `saccade.ops.domain_transform.domain_transform`.
        sigma_range: Strength of an edge; a recurrent unit has none.
        iterations: Of the filter.
    """

    def __init__(
        self,
        coarse: Mapping[str, Level],
        fine: Mapping[str, Level],
        classes: int,
        *,
        corners: bool,
        gate: Gate,
        sigma_space: float,
        sigma_range: float,
        iterations: int,
    ) -> None:
        super().__init__()
        self.reads = (*coarse, *(name for name in fine if name not in coarse))
        self.score = nn.ModuleDict({name: nn.Conv2d(level.channels, classes, 1) for name, level in coarse.items()})
        normal(self.score)
        self.corners, self.gate, self.iterations = corners, gate, iterations
        self.strength, self.sigma = sigma_space / sigma_range, sigmas(sigma_space, iterations)[0]
        start = 0.0 if gate == "edges" else log(expm1(sqrt(2) / self.sigma))
        self.edges = EdgeNet(fine, corners=corners, start=start)

    def forward(self, maps: Mapping[str, Tensor], size: tuple[int, int], *, coarsest_alone: bool = False) -> Tensor:
        """(B, C, H, W) scores; with `coarsest_alone` before the filter."""
        scores = [grow(score(maps[name]), size, corners=self.corners) for name, score in self.score.items()]
        grown = torch.stack(scores).sum(0).float()
        return grown if coarsest_alone else filtered(grown, self.distances(maps, size), self.sigma, self.iterations)

    def distances(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> Tensor:
        """(B, H, W) between each pixel and the one before it in the filter's space, in pixels."""
        found = self.edges(maps, size).float()
        if self.gate == "edges":
            return 1 + found.relu() * self.strength
        # What is carried on, 1 - σ(f), is exp(-softplus(f)).
        return F.softplus(found) * (self.sigma / sqrt(2))

    def views(self, maps: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
        """``edges``, the distances less 1 in pixels of space; ``gate``, z of the first iteration, 0..1."""
        distances = self.distances(maps, size)[:, None]
        return {"edges": distances - 1, "gate": 1 - weights_of(distances, self.sigma)}


def grow(map: Tensor, size: tuple[int, int], *, corners: bool) -> Tensor:
    """A map (B, C, h, w) at (H, W) pixels, linear in between."""
    return F.interpolate(map, size, mode="bilinear", align_corners=corners)
