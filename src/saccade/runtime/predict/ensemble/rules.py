"""How scores of several networks become one: a mean, the greatest, or a product.

Paper: Noh, Hong, Han 2015, Learning deconvolution network for semantic segmentation, arXiv 1505.04366, section 4.3,
which takes the mean of its score maps and FCN's.

Legend: M networks, C classes, … a pixel's place, or nothing.
"""

from typing import Literal

import torch
from torch import Tensor

Merge = Literal["mean", "max", "product"]
MERGES: tuple[Merge, ...] = ("mean", "max", "product")


def merged_shares(scores: Tensor, merge: Merge, said: Tensor | None = None) -> Tensor:
    """(C, …) probabilities of classes of which one is right, of (M, C, …) of several networks.

    The greatest scores and the products are divided by their sum over the classes, and so are probabilities again.

    Args:
        scores: Probabilities of each network.
        merge: ``mean``, ``max`` or ``product``.
        said: (M, …) bool, which of the networks say something; the others count for nothing. Where none does, all are
            0. By default all do.
    """
    known = torch.ones_like(scores[:, :1], dtype=torch.bool) if said is None else said[:, None]
    if merge == "mean":
        return (scores * known).sum(0) / known.sum(0).clamp(min=1)
    if merge == "max":
        greatest = (scores * known).amax(0)
        return greatest / greatest.sum(0, keepdim=True).clamp(min=torch.finfo(scores.dtype).tiny)
    # Sums of logarithms, since a product of several small numbers is none that a float can hold.
    logarithms = scores.clamp(min=torch.finfo(scores.dtype).tiny).log() * known
    return logarithms.sum(0).softmax(0) * known.any(0)


def merged_presences(scores: Tensor, merge: Merge, said: Tensor | None = None) -> Tensor:
    """(C, …) probabilities of classes of which any may be there, of (M, C, …) of several networks.

    The product is that of being there over the sum with that of not being there, class by class.

    Args:
        scores: Probabilities of each network.
        merge: ``mean``, ``max`` or ``product``.
        said: (M, …) bool, which of the networks say something, as `merged_shares` has it.
    """
    known = torch.ones_like(scores[:, :1], dtype=torch.bool) if said is None else said[:, None]
    if merge == "mean":
        return (scores * known).sum(0) / known.sum(0).clamp(min=1)
    if merge == "max":
        return (scores * known).amax(0)
    return (scores.double().logit(eps=1e-12) * known).sum(0).sigmoid().to(scores.dtype) * known.any(0)
