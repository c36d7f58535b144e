"""What stands between maps and a region's scores and codes.

Each tower makes, of named maps and regions (n, 4) of the pictures `owners` (n,), logits (n, k) and codes (n, b, 4), for
k logits a region and b boxes: one for all classes, or one a logit.
"""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from saccade.layers.initialise import normal_linear


class Outputs(NamedTuple):
    """What a tower is asked for.

    Attributes:
        logits: Logits a region.
        boxes: Boxes a region.
    """

    logits: int
    boxes: int


class PooledTower(nn.Module):
    """Pooled maps through a body, then one layer for scores and one for codes (Girshick 2015, Fast R-CNN, figure 1).

    Args:
        pool: (n, C, p, p) of maps, regions and owners, as `RegionPool` does.
        body: (n, size) of what was pooled.
        size: Numbers that the body gives.
        outputs: What is asked for.
    """

    def __init__(self, pool: nn.Module, body: nn.Module, size: int, outputs: Outputs) -> None:
        super().__init__()
        self.pool, self.body = pool, body
        self.score, self.box = last_layers(size, outputs)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and codes."""
        found = self.body(self.pool(maps, regions, owners))
        return self.score(found), self.box(found).unflatten(1, (-1, 4))


def last_layers(size: int, outputs: Outputs) -> tuple[nn.Linear, nn.Linear]:
    """Linear layers of scores and of codes, begun as Fast R-CNN begins them."""
    score, box = nn.Linear(size, outputs.logits), nn.Linear(size, 4 * outputs.boxes)
    normal_linear(score, 0.01)
    normal_linear(box, 0.001)
    return score, box
