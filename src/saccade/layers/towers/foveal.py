"""A region seen at several sizes about one centre, each by a network of its own.

Paper: Zagoruyko et al. 2016, A MultiPath network for object detection, arXiv 1604.02135, section 3.2.
Legend: n regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from saccade.layers.initialise import normal_linear
from saccade.layers.towers.region_towers import Outputs


def grown(regions: Tensor, factor: float) -> Tensor:
    """(n, 4) regions of `factor` times the sides, about the same centres; they may leave the picture."""
    margin = (regions[:, 2:] - regions[:, :2]) * ((factor - 1) / 2)
    return torch.cat([regions[:, :2] - margin, regions[:, 2:] + margin], 1)


class FovealView(NamedTuple):
    """One look at a region.

    Attributes:
        factor: Times the region's sides.
        pool: (n, C, p, p) of maps, regions and owners.
        body: (n, size) of what was pooled.
    """

    factor: float
    pool: nn.Module
    body: nn.Module


class FovealTower(nn.Module):
    """Scores from all views side by side, codes from a view of their own.

    Args:
        views: What scores are made of.
        code: What codes are made of.
        size: Numbers that each body gives.
        outputs: What is asked for.
    """

    def __init__(self, views: Sequence[FovealView], code: FovealView, size: int, outputs: Outputs) -> None:
        super().__init__()
        self.factors = tuple(view.factor for view in (*views, code))
        self.pools = nn.ModuleList([view.pool for view in (*views, code)])
        self.bodies = nn.ModuleList([view.body for view in (*views, code)])
        self.score, self.box = nn.Linear(size * len(views), outputs.logits), nn.Linear(size, 4 * outputs.boxes)
        normal_linear(self.score, 0.01)
        normal_linear(self.box, 0.001)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, ·) and codes (n, ·, 4)."""
        *seen, own = (
            body(pool(maps, grown(regions, factor), owners))
            for factor, pool, body in zip(self.factors, self.pools, self.bodies, strict=True)
        )
        return self.score(torch.cat(seen, 1)), self.box(own).unflatten(1, (-1, 4))
