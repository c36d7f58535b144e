"""What a wrong class of a box costs, and what its scores mean.

A target is a label, or -1 for background, as matchers give it. Legend: … any axes, C classes.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss


class ScoreLoss(ABC):
    """How logits of a box stand for classes."""

    @abstractmethod
    def channels(self, classes: int) -> int:
        """Logits a box for so many classes."""

    @abstractmethod
    def scores(self, logits: Tensor) -> Tensor:
        """(…, C) probabilities of logits (…, channels)."""

    @abstractmethod
    def cost(self, logits: Tensor, target: Tensor) -> Tensor:
        """(…) what logits (…, channels) cost where `target` (…) is a label or -1."""


@dataclass(frozen=True)
class SoftmaxScores(ScoreLoss):
    """One of the classes or background, whose logit comes first."""

    def channels(self, classes: int) -> int:
        """C + 1."""
        return classes + 1

    def scores(self, logits: Tensor) -> Tensor:
        """Softmax, less the background."""
        return logits.softmax(-1)[..., 1:]

    def cost(self, logits: Tensor, target: Tensor) -> Tensor:
        """Cross entropy."""
        flat = F.cross_entropy(logits.flatten(0, -2), (target + 1).flatten(), reduction="none")
        return flat.view(target.shape)


@dataclass(frozen=True)
class SigmoidScores(ScoreLoss):
    """Each class for itself; background is none of them."""

    def channels(self, classes: int) -> int:
        """C."""
        return classes

    def scores(self, logits: Tensor) -> Tensor:
        """Sigmoids."""
        return logits.sigmoid()

    def cost(self, logits: Tensor, target: Tensor) -> Tensor:
        """Sum over classes of binary cross entropies."""
        return F.binary_cross_entropy_with_logits(logits, one_hot(logits, target), reduction="none").sum(-1)


@dataclass(frozen=True)
class FocalScores(ScoreLoss):
    """Sigmoids whose easy cases hardly count: -α (1 - p)^γ log p (Lin et al. 2017, RetinaNet, equation 5).

    Attributes:
        alpha: Weight of objects; background has 1 - alpha.
        gamma: Focus.
    """

    alpha: float = 0.25
    gamma: float = 2.0

    def channels(self, classes: int) -> int:
        """C."""
        return classes

    def scores(self, logits: Tensor) -> Tensor:
        """Sigmoids."""
        return logits.sigmoid()

    def cost(self, logits: Tensor, target: Tensor) -> Tensor:
        """Sum over classes of focal losses."""
        return sigmoid_focal_loss(logits, one_hot(logits, target), self.alpha, self.gamma).sum(-1)


def one_hot(logits: Tensor, target: Tensor) -> Tensor:
    """(…, C) of 0 and 1 in the kind of `logits`; all 0 where `target` (…) is -1."""
    classes = torch.arange(logits.shape[-1], device=target.device)
    return (target[..., None] == classes).to(logits)
