"""Windows of one size that slide over a picture at several sizes: where each stands on the picture itself.

Legend: B pictures, C channels, (H, W) the picture, (h, w) windows of a scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from saccade.ops.windows.dense import window_grid

Size = tuple[int, int]


@dataclass(frozen=True)
class WindowScales:
    """Where windows stand.

    Attributes:
        side: Pixels a side of a window, at the scale's own size.
        step: Pixels between windows, at the scale's own size.
        factors: Height and width of each scale's picture over those of the picture that comes in. Where they differ,
            windows are wide or tall on the picture.
    """

    side: int
    step: int
    factors: tuple[tuple[float, float], ...]

    def __len__(self) -> int:
        return len(self.factors)

    def sides(self, picture: Size, scale: int) -> Size:
        """Height and width of a picture (H, W) at a scale."""
        down, across = self.factors[scale]
        return max(round(picture[0] * down), 1), max(round(picture[1] * across), 1)

    def places(self, picture: Size, scale: int) -> Size:
        """(h, w): how many windows stand on a picture (H, W) at a scale; on one that is too small, one."""
        height, width = (max(length, self.side) for length in self.sides(picture, scale))
        return (height - self.side) // self.step + 1, (width - self.side) // self.step + 1

    def resize(self, pictures: Tensor, scale: int) -> Tensor:
        """Pictures (B, C, H, W) at a scale, padded with zeros where they are smaller than a window."""
        sides = self.sides((pictures.shape[-2], pictures.shape[-1]), scale)
        pictures = pictures if sides == pictures.shape[-2:] else resized(pictures, sides)
        below, right = (max(self.side - length, 0) for length in sides)
        return F.pad(pictures, (0, right, 0, below)) if below or right else pictures

    def grid(self, picture: Size, scale: int) -> Tensor:
        """(h, w, 4) x1, y1, x2, y2 of a scale's windows, in pixels of a picture (H, W)."""
        scaled = self.sides(picture, scale)
        down, across = picture[0] / scaled[0], picture[1] / scaled[1]
        step, side = (self.step * down, self.step * across), (self.side * down, self.side * across)
        return window_grid(self.places(picture, scale), step, side)


def resized(images: Tensor, sides: Sequence[int]) -> Tensor:
    """Pictures (B, C, H, W) at other sides, in the precision that they come in; shrinking averages."""
    # No device has this kernel in 16 bits.
    return F.interpolate(images.float(), list(sides), mode="bilinear", antialias=True).to(images.dtype)
