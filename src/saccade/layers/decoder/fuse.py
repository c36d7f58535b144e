"""How a decoder joins a coarse map that has grown with a fine one of the trunk's.

Legend: B pictures, C channels, (h, w) positions.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Fuse(nn.Module, ABC):
    """Two maps of one size to one map.

    Attributes:
        channels: Channels of the map that it makes.
    """

    channels: int

    @abstractmethod
    def forward(self, grown: Tensor, fine: Tensor) -> Tensor:
        """(B, channels, h, w) of a grown map (B, C, h, w) and a fine one (B, C', h, w)."""


class Sum(Fuse):
    """The grown map plus a 1 × 1 projection of the fine one (Long et al. 2015, FCN, arXiv 1411.4038, section 4.2).

    Args:
        channels: Channels of the grown map.
        fine: Channels of the fine map.
        zero: Whether the projection begins at 0, as FCN's do, so that at first nothing is added.
    """

    def __init__(self, channels: int, fine: int, *, zero: bool = False) -> None:
        super().__init__()
        self.channels, self.project = channels, nn.Conv2d(fine, channels, 1)
        if zero:
            for parameter in self.project.parameters():
                nn.init.zeros_(parameter)

    def forward(self, grown: Tensor, fine: Tensor) -> Tensor:
        """The sum."""
        return grown + self.project(fine)


class Addition(Fuse):
    """The grown map plus the fine one as it is (Badrinarayanan et al. 2015, SegNet, arXiv 1511.00561, section 3.3).

    Args:
        channels: Channels of both maps.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, grown: Tensor, fine: Tensor) -> Tensor:
        """The sum."""
        return grown + fine


class Concat(Fuse):
    """The grown map, then the fine one, channel after channel (Ronneberger et al. 2015, U-Net, arXiv 1505.04597).

    Args:
        channels: Channels of the grown map.
        fine: Channels of the fine map.
    """

    def __init__(self, channels: int, fine: int) -> None:
        super().__init__()
        self.channels = channels + fine

    def forward(self, grown: Tensor, fine: Tensor) -> Tensor:
        """All channels of both."""
        return torch.cat([grown, fine], 1)


def met(grown: Tensor, fine: Tensor, shift: int) -> tuple[Tensor, Tensor]:
    """Both maps, cut to the positions that they share.

    Args:
        grown: (B, C, h, w), a coarse map that has grown.
        fine: (B, C', h', w').
        shift: Positions that the grown map lacks at the left and above; below 0 the fine one lacks them.
    """
    grown = grown[..., max(-shift, 0) :, max(-shift, 0) :]
    fine = fine[..., max(shift, 0) :, max(shift, 0) :]
    height, width = (min(grown.shape[axis], fine.shape[axis]) for axis in (-2, -1))
    return grown[..., :height, :width], fine[..., :height, :width]
