"""Box coders: a box as four numbers relative to another box.

Boxes are x1, y1, x2, y2 in pixels; … stands for any leading axes.
"""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

# exp of it enlarges a box of one stride to the longest picture: what a network says beyond it is noise.
LIMIT = log(1000 / 16)


@dataclass(frozen=True)
class DeltaCoder:
    """Shift of the centre in anchor sizes, and logarithm of the change of size, each over its usual spread.

    Source: Girshick et al. 2014, R-CNN, appendix C; the spreads are Fast R-CNN's normalisation of targets and SSD's
    variances.

    Attributes:
        spread: Standard deviations of dx, dy, dw and dh by which the four numbers are divided.
        limit: Greatest dw and dh that are decoded.
    """

    spread: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    limit: float = LIMIT

    def encode(self, boxes: Tensor, anchors: Tensor) -> Tensor:
        """(…, 4) codes of `boxes` (…, 4) relative to `anchors` (…, 4), which must have areas."""
        sides, centres = anchors[..., 2:] - anchors[..., :2], (anchors[..., 2:] + anchors[..., :2]) / 2
        wanted, middles = boxes[..., 2:] - boxes[..., :2], (boxes[..., 2:] + boxes[..., :2]) / 2
        codes = torch.cat([(middles - centres) / sides, (wanted / sides).log()], -1)
        return codes / codes.new_tensor(self.spread)

    def decode(self, codes: Tensor, anchors: Tensor) -> Tensor:
        """(…, 4) boxes of `codes` (…, 4) relative to `anchors` (…, 4)."""
        sides, centres = anchors[..., 2:] - anchors[..., :2], (anchors[..., 2:] + anchors[..., :2]) / 2
        codes = codes * codes.new_tensor(self.spread)
        middles = codes[..., :2] * sides + centres
        half = codes[..., 2:].clamp(max=self.limit).exp() * sides / 2
        return torch.cat([middles - half, middles + half], -1)
