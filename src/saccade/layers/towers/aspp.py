"""Atrous spatial pyramid pooling: one map read at several rates, and the sum of what each says.

Paper: Chen et al. 2016, DeepLab: semantic image segmentation with deep convolutional nets, atrous convolution, and
fully connected CRFs, arXiv 1606.00915, section 3.2.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Aspp(nn.Module):
    """Branches side by side, ``branch1``, ``branch2`` …, whose scores are added.

    Args:
        branches: Make (B, C, h, w) scores of one map, each at a rate of its own.
    """

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        for number, branch in enumerate(branches, 1):
            self.add_module(f"branch{number}", branch)

    def forward(self, map: Tensor) -> Tensor:
        """(B, C, h, w) of a map (B, channels, h, w)."""
        return torch.stack([branch(map) for branch in self.children()]).sum(0)
