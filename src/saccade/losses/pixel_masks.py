"""What wrong pixels cost where each may be of several classes: each class against all that is none of it.

Legend: B pictures, C classes, (H, W) pixels, n pixels of all pictures. Targets are 1 inside a class's mask, 0 outside,
and 255 where it is unknown, which counts in no loss.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.losses.lovasz import IGNORE

MeanOver = Literal["pixels", "pictures"]


def binary_pixels(
    logits: Tensor, target: Tensor, weights: Tensor | None = None, mean_over: MeanOver = "pixels"
) -> Tensor:
    """Binary cross entropy, a mean over all that is known of every class, which is 0 where nothing is.

    Args:
        logits: (B, C, H, W) scores before the sigmoid.
        target: (B, C, H, W) int 0, 1 and 255.
        weights: (C,) what a pixel of each class's map counts; 1 by default.
        mean_over: ``pixels``, or ``pictures``: the pixels of a picture are added up.
    """
    known, cost = target != IGNORE, _cross_entropy(logits, target)
    return _mean(cost if weights is None else cost * weights[:, None, None], known, mean_over)


def focal_masks(logits: Tensor, target: Tensor, gamma: float = 2.0, weights: Tensor | None = None) -> Tensor:
    """Binary cross entropy of which sure pixels count little, (1 - p)^gamma times: a mean over all that is known.

    Source: Lin et al. 2017, Focal loss for dense object detection, arXiv 1708.02002, equation 4.

    Args:
        logits: (B, C, H, W) scores before the sigmoid.
        target: (B, C, H, W) int 0, 1 and 255.
        gamma: 0 is the plain cross entropy.
        weights: (C,) what a pixel of each class's map counts.
    """
    known, cost = target != IGNORE, _cross_entropy(logits, target)
    # The cost is -log p of what is right. The factor's slope has no end at p = 1 for gamma below 1.
    doubt = (1 - (-cost).exp()).clamp(min=torch.finfo(logits.dtype).eps)
    cost = doubt**gamma * cost
    return _mean(cost if weights is None else cost * weights[:, None, None], known, "pixels")


def dice_masks(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """1 - the Dice coefficient of each class's probabilities and mask, a mean over the classes shown.

    The pixels of all pictures of the batch count together; classes that none of them shows are left out.

    Source: Milletari, Navab, Ahmadi 2016, V-Net, arXiv 1606.04797, section 3; without squares, as `dice_loss`.

    Args:
        logits: (B, C, H, W) scores before the sigmoid.
        target: (B, C, H, W) int 0, 1 and 255.
        smooth: Added above and below the line, in pixels.
    """
    known = target != IGNORE
    probability, truth = logits.sigmoid() * known, (target == 1).to(logits)
    both, shown, said = ((one.sum((0, 2, 3))) for one in (probability * truth, truth, probability))
    dice = (2 * both + smooth) / (said + shown + smooth)
    present = shown > 0
    return ((1 - dice) * present).sum() / present.sum().clamp(min=1)


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """(B, C, H, W) of what is known; elsewhere as if it were outside."""
    return F.binary_cross_entropy_with_logits(logits, (target == 1).to(logits), reduction="none")


def _mean(cost: Tensor, known: Tensor, over: MeanOver) -> Tensor:
    count = len(cost) if over == "pictures" else known.sum().clamp(min=1)
    return (cost * known).sum() / count
