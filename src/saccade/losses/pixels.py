"""What a wrong class of a pixel costs.

Legend: B pictures, C classes, (H, W) pixels. Pixels of target 255 count in no loss, whichever it is.
What pixels cost that may be of several classes stands in `losses.pixel_masks`, Lovász's in `losses.lovasz`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.losses.lovasz import IGNORE, lovasz_hinge, lovasz_softmax
from saccade.losses.pixel_masks import MeanOver, binary_pixels, dice_masks, focal_masks

__all__ = [
    "IGNORE",
    "Labels",
    "MeanOver",
    "PixelLoss",
    "PixelLossKind",
    "binary_pixels",
    "dice_loss",
    "focal_pixels",
    "lovasz_softmax",
    "pixel_cross_entropy",
]

# Whether a pixel has one class, by a softmax, or may be of several or of none, each by a sigmoid of its own.
Labels = Literal["one", "several"]
PixelLossKind = Literal["cross_entropy", "focal", "dice", "lovasz"]


def pixel_cross_entropy(
    logits: Tensor,
    target: Tensor,
    weights: Tensor | None = None,
    importance: Tensor | None = None,
    mean_over: MeanOver = "pixels",
) -> Tensor:
    """Cross entropy, a mean over all pixels of a class, which is 0 where there is none.

    The sum is divided by the number of the pixels, not by that of their weights, as SegNet's released layer does.

    Args:
        logits: (B, C, H, W) scores before the softmax.
        target: (B, H, W) int64 classes, 255 where a pixel does not count.
        weights: (C,) what a pixel of each class counts; 1 by default.
        importance: (B, H, W) what each pixel counts beside its class's weight, such as `border_weights`.
        mean_over: ``pixels``, or ``pictures``: the pixels of a picture are added up (FCN's unnormalised softmax loss).
    """
    cost = F.cross_entropy(logits, target, weights, ignore_index=IGNORE, reduction="none")
    cost = cost if importance is None else cost * importance
    count = len(target) if mean_over == "pictures" else (target != IGNORE).sum().clamp(min=1)
    return cost.sum() / count


def focal_pixels(logits: Tensor, target: Tensor, gamma: float = 2.0, weights: Tensor | None = None) -> Tensor:
    """Cross entropy of which sure pixels count little, (1 - p)^gamma times: a mean over all pixels of a class.

    Source: Lin et al. 2017, Focal loss for dense object detection, arXiv 1708.02002, equation 4, with a softmax.

    Args:
        logits: (B, C, H, W) scores before the softmax.
        target: (B, H, W) int64 classes, 255 where a pixel does not count.
        gamma: 0 is the plain cross entropy.
        weights: (C,) what a pixel of each class counts.
    """
    known = target != IGNORE
    log_probability = F.log_softmax(logits, 1).gather(1, target.masked_fill(~known, 0)[:, None])[:, 0]
    # The factor's slope has no end at p = 1 for gamma below 1.
    doubt = (1 - log_probability.exp()).clamp(min=torch.finfo(logits.dtype).eps)
    cost = -(doubt**gamma) * log_probability
    cost = cost if weights is None else cost * weights[target.masked_fill(~known, 0)]
    return (cost * known).sum() / known.sum().clamp(min=1)


def dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """1 - the Dice coefficient of probabilities and truth, 2 Σ p g / (Σ p + Σ g), a mean over the classes shown.

    The pixels of all pictures of the batch count together; classes that none of them shows are left out.

    Source: Milletari, Navab, Ahmadi 2016, V-Net, arXiv 1606.04797, section 3, which squares both terms of the sum below
    the line; without squares it is the usual form.

    Args:
        logits: (B, C, H, W) scores before the softmax.
        target: (B, H, W) int64 classes, 255 where a pixel does not count.
        smooth: Added above and below the line, in pixels, so that small classes give steady slopes.
    """
    probability, truth = _flat(logits, target)
    both, shown = (probability * truth).sum(0), truth.sum(0)
    dice = (2 * both + smooth) / (probability.sum(0) + shown + smooth)
    present = shown > 0
    return ((1 - dice) * present).sum() / present.sum().clamp(min=1)


@dataclass(frozen=True)
class PixelLoss:
    """Which of the losses a head takes, one or the sum of several.

    Attributes:
        kinds: ``cross_entropy``, ``focal``, ``dice``, ``lovasz``.
        mean_over: What the cross entropy is a mean over.
        gamma: Of the focal loss.
        labels: ``one`` class a pixel, or ``several``: each class against what is none of it.
    """

    kinds: tuple[PixelLossKind, ...] = ("cross_entropy",)
    mean_over: MeanOver = "pixels"
    gamma: float = 2.0
    labels: Labels = "one"

    def __call__(self, logits: Tensor, target: Tensor, weights: Tensor, importance: Tensor | None = None) -> Tensor:
        """The sum of the losses; those that measure regions, Dice and Lovász, weigh all classes alike.

        Args:
            logits: (B, C, H, W) scores before the softmax, or the sigmoid.
            target: (B, H, W) int64 classes, 255 where a pixel does not count; of several classes (B, C, H, W), 1
                inside the mask of each, 0 outside, 255 where it is unknown.
            weights: (C,) what a pixel of each class counts.
            importance: (B, H, W) what each pixel of one class counts in the cross entropy, or None.
        """
        each = self._of_one(logits, target, weights, importance) if self.labels == "one" else None
        each = each or self._of_several(logits, target, weights)
        return torch.stack([each[kind]() for kind in self.kinds]).sum()

    def _of_one(
        self, logits: Tensor, target: Tensor, weights: Tensor, importance: Tensor | None
    ) -> dict[PixelLossKind, Callable[[], Tensor]]:
        return {
            "cross_entropy": lambda: pixel_cross_entropy(logits, target, weights, importance, self.mean_over),
            "focal": lambda: focal_pixels(logits, target, self.gamma, weights),
            "dice": lambda: dice_loss(logits, target),
            "lovasz": lambda: lovasz_softmax(logits, target),
        }

    def _of_several(self, logits: Tensor, target: Tensor, weights: Tensor) -> dict[PixelLossKind, Callable[[], Tensor]]:
        return {
            "cross_entropy": lambda: binary_pixels(logits, target, weights, self.mean_over),
            "focal": lambda: focal_masks(logits, target, self.gamma, weights),
            "dice": lambda: dice_masks(logits, target),
            "lovasz": lambda: lovasz_hinge(logits, target),
        }


def _flat(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """(n, C) probabilities of the pixels of a class, and (n, C) their truth as 0 and 1."""
    known = target != IGNORE
    probability = logits.softmax(1).movedim(1, -1)[known]
    return probability, F.one_hot(target[known], logits.shape[1]).to(probability)
