"""What a wrong class costs.

Legend: N pictures, C classes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def softmax_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor, smoothing: float = 0.0) -> Tensor:
    """Weighted mean of the cross entropy between a target distribution and the softmax of the scores.

    Args:
        logits: (N, C) scores.
        target: (N, C) probabilities; one 1 a row, or a blend.
        weights: (C,) weight of each class; a picture weighs as much as its target's classes.
        smoothing: Share of the target that is spread over all classes (Szegedy 2015, arXiv 1512.00567, section 7).
    """
    weight = target @ weights
    target = target * (1 - smoothing) + smoothing / target.shape[1]
    cost = -(target * weights * F.log_softmax(logits, 1)).sum(1)
    return cost.sum() / weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)


def sigmoid_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of the binary cross entropy over all classes that are known.

    Args:
        logits: (N, C) scores.
        target: (N, C) 0 absent, 1 present, -1 unknown.
        weights: (C,) weight of each class.
    """
    weight = (target >= 0) * weights
    cost = F.binary_cross_entropy_with_logits(logits, target.clamp(min=0).to(logits), reduction="none")
    return (cost * weight).sum() / weight.sum().clamp(min=torch.finfo(logits.dtype).tiny)


def one_against_rest(margins: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Squared hinge of each class against the rest, summed over classes that are known, a mean over pictures.

    Args:
        margins: (N, C) above 1 where a class is surely shown, below -1 where it surely is not.
        target: (N, C) 0 absent, 1 present, -1 unknown.
        weights: (C,) weight of the pictures that show each class.
    """
    sign = torch.where(target == 1, 1.0, -1.0)
    cost = (1 - sign * margins).clamp(min=0).square() * torch.where(target == 1, weights, 1.0)
    return (cost * (target >= 0)).sum(1).mean()


def rejecting_distance(distances: Tensor, target: Tensor, rubber: float = 0.1) -> Tensor:
    """LeNet-5's loss: the true class's distance, plus a term that pushes the other classes away.

    Mean of y_true + log(e^-j + sum over classes of e^-y); the constant j keeps distances that are large already from
    being pushed further (LeCun 1998, equation 9).

    Args:
        distances: (N, C) squared distances y to the classes' codes.
        target: (N, C) one 1 a row, or a blend.
        rubber: The constant j.
    """
    constant = torch.full_like(distances[:, :1], -rubber)
    push = torch.cat([constant, -distances], 1).logsumexp(1)
    return ((distances * target).sum(1) + push).mean()
