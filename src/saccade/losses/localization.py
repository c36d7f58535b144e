"""What a misplaced box costs.

Legend: n boxes, each as four numbers relative to the picture's size.
"""

import torch.nn.functional as F
from torch import Tensor


def half_squared(prediction: Tensor, target: Tensor) -> Tensor:
    """(n,) half the squared Euclidean distance; its mean is 1/(2n) times the sum over boxes and coordinates."""
    return 0.5 * (prediction - target).square().sum(-1)


def smooth_l1(prediction: Tensor, target: Tensor, beta: float = 0.1) -> Tensor:
    """(n,) sum over coordinates of a loss that is quadratic below `beta` and linear above (Girshick 2015).

    Relative coordinates differ by less than 1, where the paper's beta of 1 would never be linear.
    """
    return F.smooth_l1_loss(prediction, target, beta=beta, reduction="none").sum(-1)
