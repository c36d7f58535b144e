"""What the cells of a grid say, told cell by cell.

Paper: Redmon et al. 2015, You only look once, arXiv 1506.02640, section 2.

Legend: S cells a side, K boxes a cell, C classes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.heads.dense.grid_boxes import GridBoxHead
from saccade.heads.dense.grid_targets import cell_corners
from saccade.heads.locate.box_form import absolute
from saccade.network.head import full_precision
from saccade.network.maps import Maps


@dataclass(frozen=True)
class Cells:
    """The cells of one picture, row by row.

    Attributes:
        corners: (S · S, 4) the cells x1, y1, x2, y2 in the batch's pixels.
        classes: (S · S, C) probability of each class, where a cell holds an object.
        confidences: (S · S, K) whether a box holds an object, times how well it fits.
        boxes: (S · S, K, 4) x1, y1, x2, y2 in the batch's pixels, clipped to the picture.
    """

    corners: Tensor
    classes: Tensor
    confidences: Tensor
    boxes: Tensor

    @property
    def labels(self) -> Tensor:
        """(S · S,) the likeliest class of each cell."""
        return self.classes.argmax(1)

    @property
    def certainty(self) -> Tensor:
        """(S · S,) that class's probability, 0..1."""
        return self.classes.amax(1).clamp(0, 1)

    @property
    def label_of_box(self) -> list[int]:
        """The class of each box, cell by cell: that of its cell."""
        return self.labels.repeat_interleave(self.confidences.shape[1]).tolist()

    @property
    def score_of_box(self) -> list[float]:
        """The score of each box, cell by cell: its confidence times its cell's likeliest class."""
        return (self.confidences.clamp(0, 1) * self.certainty[:, None]).flatten().tolist()


@torch.no_grad()
def cells_of(head: GridBoxHead, maps: Maps) -> Cells:
    """What a grid head says of the first picture of some maps, cell by cell.

    Args:
        head: In evaluation mode.
        maps: All maps of the pictures.
    """
    raw, size, grid = full_precision(head(maps)), maps.sizes[0].cpu(), head.grid
    numbers = torch.arange(grid**2)
    rows, columns = numbers // grid, numbers % grid
    corners = torch.stack([columns, rows, columns + 1, rows + 1], 1) / grid
    boxes = cell_corners(raw.codes[0].cpu().transpose(0, 1), numbers, grid).transpose(0, 1)
    return Cells(absolute(corners, size), raw.classes[0].cpu(), raw.confidences[0].cpu(), absolute(boxes, size[None]))
