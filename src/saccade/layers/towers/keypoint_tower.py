"""What stands between maps and a region's joints.

Legend: n regions, p positions of a pooled region, m = 4p cells a side of its grid, K joints.
"""

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from saccade.layers.initialise import he_normal, normal

DEPTH = 8


class KeypointTower(nn.Module):
    """Pooled maps through convolutions, enlarged twofold with learnt and twofold with fixed weights, a grid a joint.

    Detectron's fixed enlargement takes what lies beyond the grid for 0; this one, torchvision's, repeats its border.

    Args:
        pool: (n, C, p, p) of maps, regions and owners, as `RegionPool` does.
        body: (n, channels, p, p) of what was pooled.
        channels: Channels that the body gives.
        joints: K.
    """

    def __init__(self, pool: nn.Module, body: nn.Module, channels: int, joints: int) -> None:
        super().__init__()
        self.pool, self.body = pool, body
        self.enlarge = nn.ConvTranspose2d(channels, joints, 4, 2, 1)
        normal(self.enlarge, 0.001)  # all cells are alike at first

    def forward(self, maps: Mapping[str, Tensor], regions: Tensor, owners: Tensor) -> Tensor:
        """(n, K, m, m) logits of regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,)."""
        grids = self.enlarge(self.body(self.pool(maps, regions, owners)))
        return F.interpolate(grids, scale_factor=2.0, mode="bilinear", align_corners=False)


def keypoint_body(channels: int, hidden: int) -> nn.Sequential:
    """Eight convolutions 3 × 3, each with ReLU, from `channels` to `hidden`."""
    layers = [nn.Conv2d(before, hidden, 3, padding=1) for before in (channels, *[hidden] * (DEPTH - 1))]
    body = nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))
    he_normal(body)
    return body
