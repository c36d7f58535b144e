"""What stands between a map and the dense head's scores and codes.

Each tower makes, of a map (B, channels, h, w) and its place among the maps, logits (B, a · k, h, w) and codes
(B, a · 4, h, w), for a anchors a position and k logits a box.
"""

from collections.abc import Sequence
from math import log, sqrt

import torch.nn.functional as F
from torch import Tensor, nn

from saccade.layers.initialise import normal, xavier


class ProposalTower(nn.Module):
    """A 3 × 3 convolution that scores and codes share (Ren et al. 2015, Faster R-CNN, section 3.1).

    Args:
        channels: Channels of the maps.
        anchors: Anchors a position.
        logits: Logits a box.
        hidden: Channels between; as many as the maps have by default.
    """

    def __init__(self, channels: int, anchors: int, logits: int, hidden: int | None = None) -> None:
        super().__init__()
        hidden = hidden or channels
        self.conv = nn.Conv2d(channels, hidden, 3, padding=1)
        self.score = nn.Conv2d(hidden, anchors * logits, 1)
        self.box = nn.Conv2d(hidden, anchors * 4, 1)
        normal(self)

    def forward(self, maps: Tensor, place: int) -> tuple[Tensor, Tensor]:
        """Logits and codes."""
        del place
        found = F.relu(self.conv(maps))
        return self.score(found), self.box(found)


class TwinTower(nn.Module):
    """Four 3 × 3 convolutions for scores and four for codes, the same over all maps (Lin et al. 2017, RetinaNet).

    Args:
        channels: Channels of the maps and between.
        anchors: Anchors a position.
        logits: Logits a box.
        prior: Probability of an object that scores start from: without it the many easy anchors drown all else.
        depth: Convolutions before the last.
    """

    def __init__(self, channels: int, anchors: int, logits: int, *, prior: float = 0.01, depth: int = 4) -> None:
        super().__init__()
        self.score = _tower(channels, anchors * logits, depth)
        self.box = _tower(channels, anchors * 4, depth)
        # A narrower tower than the paper's, of 256 channels, keeps its signal with larger weights.
        normal(self, 0.01 * sqrt(256 / channels))
        last = self.score[-1]
        if isinstance(last, nn.Conv2d) and last.bias is not None:
            nn.init.constant_(last.bias, -log((1 - prior) / prior))

    def forward(self, maps: Tensor, place: int) -> tuple[Tensor, Tensor]:
        """Logits and codes."""
        del place
        return self.score(maps), self.box(maps)


class SeparateTowers(nn.Module):
    """One 3 × 3 convolution for scores and one for codes, of each map its own (Liu et al. 2016, SSD, figure 2).

    Args:
        channels: Channels of each map.
        anchors: Anchors a position of each map.
        logits: Logits a box.
    """

    def __init__(self, channels: Sequence[int], anchors: Sequence[int], logits: int) -> None:
        super().__init__()
        pairs = list(zip(channels, anchors, strict=True))
        self.score = nn.ModuleList(nn.Conv2d(size, count * logits, 3, padding=1) for size, count in pairs)
        self.box = nn.ModuleList(nn.Conv2d(size, count * 4, 3, padding=1) for size, count in pairs)
        xavier(self)

    def forward(self, maps: Tensor, place: int) -> tuple[Tensor, Tensor]:
        """Logits and codes of the map of that place."""
        return self.score[place](maps), self.box[place](maps)


def _tower(channels: int, outputs: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(channels, outputs, 3, padding=1))
