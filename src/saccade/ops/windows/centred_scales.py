"""Windows about every position of a picture, those about its border too, at several sizes of it."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from saccade.ops.windows.dense import window_grid
from saccade.ops.windows.scales import Size, WindowScales, resized


@dataclass(frozen=True)
class CentredScales(WindowScales):
    """Where windows stand whose middles cover the picture: half a window of the mean colour surrounds it.

    Source: the code of DeepMask, Pinheiro et al. 2015, which pads by 80 pixels where a window has 160.
    """

    def places(self, picture: Size, scale: int) -> Size:
        """(h, w): how many windows stand on a picture (H, W) at a scale."""
        height, width = self.sides(picture, scale)
        return -(-height // self.step) + 1, -(-width // self.step) + 1

    def resize(self, pictures: Tensor, scale: int) -> Tensor:
        """Pictures (B, C, H, W) at a scale, padded with zeros by half a window and up to a multiple of the step."""
        height, width = sides = self.sides((pictures.shape[-2], pictures.shape[-1]), scale)
        pictures = pictures if sides == pictures.shape[-2:] else resized(pictures, sides)
        half, rest = self.side // 2, self.side - self.side // 2
        return F.pad(pictures, (half, rest + -width % self.step, half, rest + -height % self.step))

    def grid(self, picture: Size, scale: int) -> Tensor:
        """(h, w, 4) x1, y1, x2, y2 of a scale's windows, in pixels of a picture (H, W), which they may leave."""
        scaled = self.sides(picture, scale)
        down, across = picture[0] / scaled[0], picture[1] / scaled[1]
        half = self.side // 2
        grid = window_grid(
            self.places(picture, scale), (self.step * down, self.step * across), (self.side * down, self.side * across)
        )
        return grid - grid.new_tensor([half, half, half, half]) * grid.new_tensor([across, down, across, down])
