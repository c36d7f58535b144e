"""A Gaussian filter over the pixels of a picture by their places alone: one pass along columns, one along rows."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Standard deviations beyond which a pixel counts nothing: its weight would be e⁻⁸.
REACH = 4.0


@dataclass(frozen=True)
class GridGaussian:
    """The filter of a picture.

    Attributes:
        size: (H, W).
        sigma: Standard deviation, in pixels.
    """

    size: tuple[int, int]
    sigma: float

    def taps(self, side: int) -> Tensor:
        """(2r + 1,) weights along a side of so many pixels, 1 in the middle."""
        reach = min(math.ceil(REACH * self.sigma), side - 1)
        return torch.exp(-((torch.arange(-reach, reach + 1) / self.sigma) ** 2) / 2)

    def row_sums(self) -> Tensor:
        """(H·W,) what the weights of each pixel sum to: less at the borders."""
        ones = torch.ones(1, 1, *self.size)
        return self._along(self._along(ones, 2), 3).flatten()

    def __call__(self, rows: Tensor) -> Tensor:
        """The filter of (H·W, C) rows; gradients reach them."""
        picture = rows.view(1, *self.size, rows.shape[1]).permute(0, 3, 1, 2)
        found = self._along(self._along(picture, 2), 3)
        return found.permute(0, 2, 3, 1).reshape(rows.shape)

    def _along(self, picture: Tensor, axis: int) -> Tensor:
        channels, taps = picture.shape[1], self.taps(self.size[axis - 2]).to(picture)
        shape, padding = [1, 1, 1, 1], [0, 0]
        shape[axis], padding[axis - 2] = -1, len(taps) // 2
        return functional.conv2d(picture, taps.view(shape).repeat(channels, 1, 1, 1), padding=padding, groups=channels)
