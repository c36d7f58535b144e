"""Inception's block of branches, and the pooling of its auxiliary classifiers.

Paper: Szegedy et al. 2014, Going deeper with convolutions, arXiv 1409.4842, sections 4 and 5.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.layers.blocks.convolution import conv_relu


class BranchSizes(NamedTuple):
    """A row of the paper's table 1: channels of each convolution of a block."""

    one: int
    three_reduce: int
    three: int
    five_reduce: int
    five: int
    pool: int

    @property
    def total(self) -> int:
        """Channels that the block makes."""
        return self.one + self.three + self.five + self.pool


class Inception(nn.Module):
    """Four branches over one map, side by side: 1 × 1, 3 × 3, 5 × 5, and pooling; their channels are concatenated.

    Args:
        entry: Channels that it reads.
        sizes: Channels of the branches' convolutions.
    """

    def __init__(self, entry: int, sizes: BranchSizes) -> None:
        super().__init__()
        self.one = conv_relu(entry, sizes.one, 1)
        self.three = nn.Sequential(
            conv_relu(entry, sizes.three_reduce, 1), conv_relu(sizes.three_reduce, sizes.three, 3, padding=1)
        )
        self.five = nn.Sequential(
            conv_relu(entry, sizes.five_reduce, 1), conv_relu(sizes.five_reduce, sizes.five, 5, padding=2)
        )
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(entry, sizes.pool, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, entry, h, w) to (B, total, h, w)."""
        return torch.cat([self.one(maps), self.three(maps), self.five(maps), self.pool(maps)], 1)


class SpacedMean(nn.Module):
    """Means of 5 × 5 windows, 3 apart; a map too small for `grid` of them a side is averaged to grid × grid.

    Args:
        grid: Windows a side that the layers after it need.
    """

    def __init__(self, grid: int) -> None:
        super().__init__()
        self.grid = grid

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C, (h - 2) / 3, (w - 2) / 3), or (B, C, grid, grid)."""
        if min(maps.shape[-2:]) < 5 + 3 * (self.grid - 1):
            return F.adaptive_avg_pool2d(maps, self.grid)
        return F.avg_pool2d(maps, 5, 3)
