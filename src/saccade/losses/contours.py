"""What wrong contours cost, where few pixels lie on one, and what several people's drawings teach.

Sources: Xie, Tu 2015, Holistically-nested edge detection, arXiv 1504.06375, equation 2 and section 4.1, and the
released loss layer; Yu, Feng, Liu, Ramalingam 2017, CASENet, arXiv 1705.09759, equation 1, and the released loss layer;
Liu et al. 2017, Richer convolutional features for edge detection, arXiv 1612.02103, section 3.2.

Legend: B pictures, C maps that are told, A maps that were drawn, (H, W) pixels. Targets are 1 on a contour, 0 beside
it, and 255 where that is unknown, which counts neither in the loss nor in its weights.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.errors import UsageError

IGNORE = 255

Over = Literal["sum", "mean"]
Disputed = Literal["nothing", "ignored"]


def balanced_contours(logits: Tensor, target: Tensor, over: Over = "sum") -> Tensor:
    """Binary cross entropy whose few positives weigh as much as its many negatives, a mean over pictures.

    Of each picture, positives weigh the share of pixels that lie on no contour, and negatives that of pixels on one, of
    whichever class. A picture without contours, or full of them, costs nothing.

    Args:
        logits: (B, C, H, W) scores before the sigmoid.
        target: (B, C, H, W) int 0, 1 and 255.
        over: ``sum``: the pixels and maps of a picture are added up, as released; ``mean``: a mean over those that are
            known.
    """
    positive, known = target == 1, target != IGNORE
    somewhere, seen = positive.any(1), known.any(1)
    pixels = seen.flatten(1).sum(1).clamp(min=1)
    share = (somewhere.flatten(1).sum(1) / pixels).to(logits)[:, None, None, None]
    cost = F.binary_cross_entropy_with_logits(logits, positive.to(logits), reduction="none")
    each = (cost * torch.where(positive, 1 - share, share) * known).flatten(1).sum(1)
    if over == "mean":
        each = each / known.flatten(1).sum(1).clamp(min=1)
    return each.mean()


@dataclass(frozen=True)
class Consensus:
    """One map of what several people drew.

    HED's authors round the mean of the drawings: what half of the people drew is a contour, and all else is none. RCF's
    leave out what lies between nobody and that share.

    Attributes:
        share: A pixel is on a contour where at least this share of the people drew it.
        disputed: What fewer drew, and somebody did. ``nothing``: no contour. ``ignored``: it does not count.

    Raises:
        UsageError: The share is none.
    """

    share: float = 0.5
    disputed: Disputed = "nothing"

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise UsageError("a consensus above 0 and up to 1, the share of people who drew a contour", self.share)

    def __call__(self, drawn: Tensor) -> Tensor:
        """(1, H, W) uint8 0, 1 and 255 of maps (A, H, W) 0..1."""
        share = drawn.float().mean(0, keepdim=True)
        # A hair, so that half of six is half of six.
        on = share >= self.share - 1e-6
        target = on.to(torch.uint8)
        return target if self.disputed == "nothing" else target.masked_fill((share > 0) & ~on, IGNORE)


def together(drawn: Tensor) -> Tensor:
    """(1, H, W) uint8 0, 1 and 255 of maps (A, H, W), one a class: on a contour of any of them."""
    return per_class(drawn.amax(0, keepdim=True))


def per_class(drawn: Tensor) -> Tensor:
    """(A, H, W) uint8 0, 1 and 255 of maps (A, H, W), one a class; what is neither 0 nor 1 does not count."""
    target = (drawn == 1).to(torch.uint8)
    return target.masked_fill((drawn != 0) & (drawn != 1), IGNORE)
