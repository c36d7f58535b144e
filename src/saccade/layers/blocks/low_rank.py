"""A fully connected layer as two thin ones.

Source: Girshick 2015, Fast R-CNN, arXiv 1504.08083, section 3.1.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

BEFORE, AFTER = "before", "after"


def thin_pair(layer: nn.Linear, rank: int) -> nn.Sequential:
    """Two layers in place of one of u × v weights: t × v without a bias, then u × t with it.

    Args:
        layer: What they stand for; its weights are not looked at.
        rank: t, as many singular values as are kept at most.
    """
    rank = min(rank, layer.in_features, layer.out_features)
    pair = nn.Sequential()
    pair.add_module(BEFORE, nn.Linear(layer.in_features, rank, bias=False))
    pair.add_module(AFTER, nn.Linear(rank, layer.out_features))
    return pair


def decomposed(name: str, weights: Mapping[str, Tensor], rank: int) -> dict[str, Tensor]:
    """The weights of a pair that stands for a layer, by its truncated singular value decomposition.

    Args:
        name: Name of the layer, and of the pair.
        weights: The whole network's, among them the layer's.
        rank: As many singular values as are kept at most.
    """
    weight = weights[f"{name}.weight"]
    left, values, right = torch.linalg.svd(weight.float(), full_matrices=False)
    rank = min(rank, len(values))
    # The roots of the values go to either side, so that neither layer is much larger than the other.
    roots = values[:rank].sqrt()
    return {
        f"{name}.{BEFORE}.weight": (roots[:, None] * right[:rank]).to(weight),
        f"{name}.{AFTER}.weight": (left[:, :rank] * roots).to(weight),
        f"{name}.{AFTER}.bias": weights[f"{name}.bias"],
    }
