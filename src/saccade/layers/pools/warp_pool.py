"""Regions looked at one by one: each is cut out of the picture, warped, and seen by a network of its own.

Legend: B pictures, n regions, C channels.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from saccade.ops.regions.crop import CropRules, crop_regions

# Squares that are seen at once: two thousand of a picture would take gigabytes.
AT_ONCE = 128


class SizedMaps(Protocol):
    """Maps of pictures whose sizes inside the padding are known."""

    sizes: Tensor

    def __getitem__(self, name: str) -> Tensor:
        """The map of that name."""
        ...


class WarpPool(nn.Module):
    """What a network sees of each region of a picture (Girshick et al. 2013, R-CNN, section 2.2).

    Args:
        describe: Squares (n, C, s, s) to maps (n, c, h, w): a method of the trunk, whose weights stay the trunk's.
        after: What brings its maps to the shape that is wanted.
        rules: How a region becomes a square.
        reads: Name of the pictures among the maps.
    """

    not_exportable = "regions are cut out of the picture and warped one by one"

    def __init__(self, describe: Callable[[Tensor], Tensor], after: nn.Module, rules: CropRules, reads: str) -> None:
        super().__init__()
        self.describe, self.after, self.rules, self.reads = describe, after, rules, reads

    def forward(self, maps: SizedMaps, regions: Tensor, owners: Tensor) -> Tensor:
        """(n, c, h, w) of regions (n, 4) x1, y1, x2, y2 in input pixels, of the pictures `owners` (n,)."""
        starts = range(0, max(len(regions), 1), AT_ONCE)
        parts = [(regions[start : start + AT_ONCE], owners[start : start + AT_ONCE]) for start in starts]
        return torch.cat([self.after(self.describe(self._squares(maps, *part))) for part in parts])

    @torch.no_grad()
    def _squares(self, maps: SizedMaps, regions: Tensor, owners: Tensor) -> Tensor:
        images, side = maps[self.reads], self.rules.side
        squares = images.new_zeros(len(regions), images.shape[1], side, side)
        for picture in owners.unique().tolist():
            rows = (owners == picture).nonzero()[:, 0]
            height, width = maps.sizes[picture].tolist()
            squares[rows] = crop_regions(images[picture], (height, width), regions[rows].float(), self.rules)
        return squares
