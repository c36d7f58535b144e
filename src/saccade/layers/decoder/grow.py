"""How a decoder makes a map twice as fine: between positions, by learnt kernels, or at the places of maxima.

Legend: B pictures, C channels, (h, w) positions of the coarse map, (H, W) of the fine one.
"""

import warnings
from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Grow(nn.Module, ABC):
    """A coarse map to a fine one."""

    @abstractmethod
    def forward(self, map: Tensor, size: tuple[int, int], places: Tensor | None) -> Tensor:
        """A finer map.

        Args:
            map: (B, C, h, w).
            size: (H, W) of the map that it is joined with; what comes out may be larger or smaller by what unpadded
                layers cut off.
            places: (B, C, h, w) int64, where the maxima of the pool that made the coarse map were, or None.
        """


class Bilinear(Grow):
    """Values between positions, `factor` times as fine."""

    def __init__(self, factor: int = 2) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, map: Tensor, size: tuple[int, int], places: Tensor | None) -> Tensor:
        """(B, C, factor · h, factor · w)."""
        del size, places
        return F.interpolate(map, scale_factor=float(self.factor), mode="bilinear", align_corners=False)


class Transposed(Grow):
    """A learnt transposed convolution, which by default doubles each side without overlap (U-Net's up-convolution).

    Args:
        entry: Channels that it reads.
        channels: Channels that it makes.
        kernel: Side of the kernels.
        stride: Positions of the fine map to one of the coarse map.
    """

    def __init__(self, entry: int, channels: int, kernel: int = 2, stride: int = 2) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(entry, channels, kernel, stride)

    def forward(self, map: Tensor, size: tuple[int, int], places: Tensor | None) -> Tensor:
        """(B, channels, stride · (h - 1) + kernel, stride · (w - 1) + kernel)."""
        del size, places
        return self.conv(map)


class LearntInterpolation(Grow):
    """A transposed convolution of stride 2 that begins as bilinear interpolation.

    Each channel begins as its own, and an even map as the same even map: Caffe's filler, whose kernel of 8 is meant for
    stride 4, would give four times as much.

    Source: Badrinarayanan et al. 2015, SegNet, arXiv 1511.00561, section 3.3 (FCN-Basic), kernels of 8.

    Args:
        channels: Channels that it reads and makes.
        kernel: Side of the kernels, even.
    """

    def __init__(self, channels: int, kernel: int = 8) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(channels, channels, kernel, 2, kernel // 2 - 1, bias=False)
        taps = 1 - (torch.arange(kernel) - (kernel - 1) / 2).abs() / (kernel / 2)
        taps = taps / (taps.sum() / 2)
        with torch.no_grad():
            self.conv.weight.copy_(torch.eye(channels)[:, :, None, None] * taps[:, None] * taps)

    def forward(self, map: Tensor, size: tuple[int, int], places: Tensor | None) -> Tensor:
        """(B, C, 2 · h, 2 · w)."""
        del size, places
        return self.conv(map)


class Between(Grow):
    """Another way to grow between layers of the coarse map and layers of the fine one, before anything is joined.

    Args:
        grow: The way to grow.
        before: Layers of the coarse map, or None.
        after: Layers of the fine map, or None.
    """

    def __init__(self, grow: Grow, *, before: nn.Module | None = None, after: nn.Module | None = None) -> None:
        super().__init__()
        self.before, self.grow, self.after = before or nn.Identity(), grow, after or nn.Identity()

    def forward(self, map: Tensor, size: tuple[int, int], places: Tensor | None) -> Tensor:
        """What the layers and the way between them make of the map."""
        return self.after(self.grow(self.before(map), size, places))


class Unpool(Grow):
    """Each value goes back to where the maximum was found, zeros elsewhere.

    Sources: Zeiler, Fergus 2013, arXiv 1311.2901, section 2.1; Badrinarayanan et al. 2015, SegNet, arXiv 1511.00561.
    """

    def forward(self, map: Tensor, size: tuple[int, int], places: Tensor | None) -> Tensor:
        """(B, C, H, W).

        Raises:
            ValueError: There are no places.
        """
        if places is None:
            raise ValueError("expected the places of a pool's maxima, found none: name them in the decoder's step")
        with warnings.catch_warnings():
            # Where deterministic arithmetic is asked for, torch warns of places that are written to twice; windows that
            # do not overlap have none.
            warnings.filterwarnings("ignore", "max_unpool")
            return F.max_unpool2d(map, places, [2, 2], output_size=list(size))
