"""A loss of one's own: a function of tensors, which a head calls."""

import torch.nn.functional as F
from torch import Tensor


def focal_cross_entropy(logits: Tensor, labels: Tensor, focus: float = 2.0) -> Tensor:
    """Mean of (1 - p)^focus · -log p, where p is the probability of the true class (Lin 2017, arXiv 1708.02002).

    Args:
        logits: (N, C) scores.
        labels: (N,) true classes.
        focus: How little a picture counts that is right already; 0 is plain cross entropy.
    """
    log_p = F.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
    return ((1 - log_p.exp()) ** focus * -log_p).mean()
