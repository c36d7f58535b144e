"""What several tasks weigh beside each other, where nobody says.

Papers: Kendall, Gal, Cipolla 2018, Multi-task learning using uncertainty to weigh losses, arXiv 1705.07115; Chen,
Badrinarayanan, Lee, Rabinovich 2018, GradNorm, arXiv 1711.02257.

Legend: T tasks.
"""

import torch
from torch import Tensor


def by_uncertainty(losses: Tensor, log_variances: Tensor, regressions: Tensor) -> Tensor:
    """(T,) exp(-s) L + s / 2, of regressions exp(-s) L / 2 + s / 2 (Kendall 2018, equations 7 and 10).

    A loss of exactly 0 is that of a batch without truth for it: it says nothing of how uncertain the task is, and adds
    nothing.

    Args:
        losses: (T,) L.
        log_variances: (T,) s, learnt.
        regressions: (T,) bool, which losses are distances; the others are of classes.
    """
    weights = (-log_variances).exp() * torch.where(regressions, 0.5, 1.0)
    return weights * losses + 0.5 * log_variances * (losses.detach() != 0)


def gradnorm_slopes(norms: Tensor, ratios: Tensor, weights: Tensor, alpha: float) -> Tensor:
    """(T,) slopes, by each weight, of the sum of |G - mean(G) r^alpha| (Chen 2018, equation 2, algorithm 1).

    The target is held constant, so that the slope is that of G alone, which is proportional to its weight.

    Args:
        norms: (T,) G, norms of the gradients of the weighted losses at the last shared layer.
        ratios: (T,) each loss over its first; r is that over the mean of all.
        weights: (T,) as they are.
        alpha: How strongly tasks that learn slowly are helped.
    """
    target = norms.mean() * (ratios / ratios.mean()) ** alpha
    return (norms - target).sign() * norms / weights
