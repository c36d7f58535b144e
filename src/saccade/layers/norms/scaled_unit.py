"""Normalisation over the channels of each position."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ScaledUnit(nn.Module):
    """Unit length over the channels of each position, times a learnt scale a channel.

    Paper: Liu, Rabinovich, Berg 2015, ParseNet, arXiv 1506.04579, section 3.2.

    Args:
        channels: C of maps (B, C, h, w).
        scale: What the scale begins with.
    """

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(self, maps: Tensor) -> Tensor:
        """Maps of the same shape."""
        return F.normalize(maps, dim=1) * self.scale.view(-1, 1, 1)
