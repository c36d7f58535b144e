"""What stands between maps and a region's mask.

Legend: n regions, p positions that the body gives of a region, m = 2p cells a side of its mask, K masks of a region.
"""

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from saccade.layers.initialise import he_normal, normal

DEPTH = 4


class MaskTower(nn.Module):
    """Pooled maps through convolutions, enlarged twofold, to a mask or one a class (He et al. 2017, figure 4).

    Args:
        pool: (n, C, p, p) of maps, regions and owners, as `RegionPool` does.
        body: (n, channels, p, p) of what was pooled; the pool's p may be another.
        channels: Channels that the body gives.
        masks: K.
        hidden: Channels of the enlarged map; by default as many as the body gives.
    """

    def __init__(self, pool: nn.Module, body: nn.Module, channels: int, masks: int, hidden: int | None = None) -> None:
        super().__init__()
        self.pool, self.body, hidden = pool, body, hidden or channels
        self.enlarge, self.score = nn.ConvTranspose2d(channels, hidden, 2, 2), nn.Conv2d(hidden, masks, 1)
        he_normal(self.enlarge)
        normal(self.score, 0.001)

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        """(n, K, m, m) logits of regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,)."""
        return self.score(F.relu(self.enlarge(self.body(self.pool(maps, regions, owners)))))


def mask_body(channels: int, hidden: int) -> nn.Sequential:
    """Four convolutions 3 × 3, each with ReLU, from `channels` to `hidden`."""
    layers = [nn.Conv2d(before, hidden, 3, padding=1) for before in (channels, *[hidden] * (DEPTH - 1))]
    body = nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))
    he_normal(body)
    return body
