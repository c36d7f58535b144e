"""What a wrong class of a box costs, and what its scores mean.

A target is a label, or -1 for background, as matchers give it. Background is known to be none of the classes that were
sought in its picture, and of those alone: it may be any other (`ScoreLoss.cost`). What is annotated as an object is
known to be of no other class.

Legend: … any axes, C classes.
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

    def distance(self, logits: Tensor, told: Tensor, places: Tensor, sought: Tensor | None = None) -> Tensor:
        """(…) how far logits (…, channels) are from a teacher's, who knows K of the classes.

        Args:
            logits: (…, channels).
            told: (…, channels of K classes) the teacher's.
            places: (K,) labels of the teacher's classes.
            sought: Bool, to be spread over (…, C): which classes are there only where the teacher sees them;
                None: all.
        """
        del sought
        return (self.scores(logits)[..., places] - self.scores(told)).square().sum(-1)

    @abstractmethod
    def cost(self, logits: Tensor, target: Tensor, sought: Tensor | None = None) -> Tensor:
        """(…) what logits (…, channels) cost.

        Args:
            logits: (…, channels).
            target: (…) labels, or -1.
            sought: Bool, to be spread over (…, C): which classes background is known not to be; None: all.
        """


@dataclass(frozen=True)
class SoftmaxScores(ScoreLoss):
    """One of the classes or background, whose logit comes first."""

    def channels(self, classes: int) -> int:
        """C + 1."""
        return classes + 1

    def scores(self, logits: Tensor) -> Tensor:
        """Softmax, less the background."""
        return logits.softmax(-1)[..., 1:]

    def distance(self, logits: Tensor, told: Tensor, places: Tensor, sought: Tensor | None = None) -> Tensor:
        """Divergence (Kullback, Leibler) from the teacher, whose background may be any other class that was not sought.

        Source: Cermelli et al. 2020, Modeling the background for incremental learning in semantic segmentation, arXiv
        2002.03718, equation 8.
        """
        logs, wanted = logits.log_softmax(-1), told.log_softmax(-1)
        left = torch.zeros(logits.shape[-1], dtype=torch.bool, device=logits.device)
        left = left if sought is None else F.pad(~sought, (1, 0))
        left = left.index_fill(-1, places + 1, False).index_fill(-1, torch.zeros_like(places[:1]), True)
        background = logs.masked_fill(~left, -torch.inf).logsumexp(-1, keepdim=True)
        found = torch.cat([background, logs[..., places + 1]], -1)
        return (wanted.exp() * (wanted - found)).sum(-1)

    def cost(self, logits: Tensor, target: Tensor, sought: Tensor | None = None) -> Tensor:
        """Cross entropy; background is the sum of its own probability and those of the classes that were not sought.

        Source: Shi et al. 2021, Marginal loss and exclusion loss for partially supervised multi-organ segmentation,
        arXiv 2007.03868, for pixels.
        """
        flat = F.cross_entropy(logits.flatten(0, -2), (target + 1).flatten(), reduction="none")
        cost = flat.view(target.shape)
        if sought is None:
            return cost
        left = F.pad(~sought, (1, 0), value=True)
        return torch.where(target == -1, -logits.log_softmax(-1).masked_fill(~left, -torch.inf).logsumexp(-1), cost)


@dataclass(frozen=True)
class SigmoidScores(ScoreLoss):
    """Each class for itself; background is none of them."""

    def channels(self, classes: int) -> int:
        """C."""
        return classes

    def scores(self, logits: Tensor) -> Tensor:
        """Sigmoids."""
        return logits.sigmoid()

    def distance(self, logits: Tensor, told: Tensor, places: Tensor, sought: Tensor | None = None) -> Tensor:
        """Sum of each known class's divergence from the teacher."""
        del sought
        return _sigmoid_distance(logits[..., places], told)

    def cost(self, logits: Tensor, target: Tensor, sought: Tensor | None = None) -> Tensor:
        """Sum of binary cross entropies over the classes of which something is known."""
        cost = F.binary_cross_entropy_with_logits(logits, one_hot(logits, target), reduction="none")
        return of_known(cost, target, sought).sum(-1)


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

    def distance(self, logits: Tensor, told: Tensor, places: Tensor, sought: Tensor | None = None) -> Tensor:
        """Sum of each known class's divergence from the teacher."""
        del sought
        return _sigmoid_distance(logits[..., places], told)

    def cost(self, logits: Tensor, target: Tensor, sought: Tensor | None = None) -> Tensor:
        """Sum of focal losses over the classes of which something is known."""
        cost = sigmoid_focal_loss(logits, one_hot(logits, target), self.alpha, self.gamma)
        return of_known(cost, target, sought).sum(-1)


def one_hot(logits: Tensor, target: Tensor) -> Tensor:
    """(…, C) of 0 and 1 in the kind of `logits`; all 0 where `target` (…) is -1."""
    classes = torch.arange(logits.shape[-1], device=target.device)
    return (target[..., None] == classes).to(logits)


def of_known(costs: Tensor, target: Tensor, sought: Tensor | None) -> Tensor:
    """The costs (…, C) of classes that are learnt apart; 0 where nothing is known: of background, classes not sought.

    Args:
        costs: (…, C) what each class costs.
        target: (…) labels, or -1.
        sought: Bool, to be spread over (…, C); None: all.
    """
    return costs if sought is None else costs.masked_fill(~sought & (target == -1)[..., None], 0.0)


def _sigmoid_distance(logits: Tensor, told: Tensor) -> Tensor:
    """(…) sum over (…, K) of the divergence of sigmoids from those of a teacher."""
    wanted = told.sigmoid()
    cross = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return (cross - F.binary_cross_entropy_with_logits(told, wanted, reduction="none")).sum(-1)
