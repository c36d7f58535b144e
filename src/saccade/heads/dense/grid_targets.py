"""What the cells of a grid should say: which cell an object belongs to, and which of its boxes answers for it.

Paper: Redmon et al. 2015, You only look once, arXiv 1506.02640, section 2.2; where no box overlaps the object, the
authors' code takes the one whose four numbers are nearest.

Legend: S cells a side, K boxes a cell, n objects that have a cell, m crowds. Boxes are relative to the picture, 0..1.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.heads.locate.box_form import relative
from saccade.ops.boxes.assign import crowds, real_objects
from saccade.ops.boxes.geometry import area, from_centres, iou, to_centres


@dataclass(frozen=True)
class CellTruth:
    """What one picture shows, cell by cell.

    Attributes:
        cells: (n,) int64, cells with an object, rising, counted row by row.
        codes: (n, 4) where it stands, as `GridBoxes.codes`.
        labels: (n,) int64.
        crowds: (m, 4) boxes of crowds.
    """

    cells: Tensor
    codes: Tensor
    labels: Tensor
    crowds: Tensor


def cell_truth(truth: Annotation, size: Tensor, grid: int) -> CellTruth:
    """The objects of a picture by cell; of several with their centre in one cell, the largest.

    Args:
        truth: What the picture shows, in input pixels.
        size: (2,) height and width of the picture in input pixels.
        grid: S.
    """
    rows, ignored = real_objects(truth), relative(crowds(truth).to(size.device), size)
    if rows.boxes is None or rows.labels is None or not len(rows):
        nothing = size.new_zeros(0)
        return CellTruth(nothing, ignored.new_zeros(0, 4), nothing, ignored)
    boxes = relative(rows.boxes.to(ignored), size)
    order = area(boxes).argsort(stable=True)
    centres = to_centres(boxes[order])
    rank = torch.arange(len(order), device=order.device)
    largest = torch.full((grid**2,), -1, device=order.device)
    largest = largest.scatter_reduce(0, _cell_of(centres[:, :2], grid), rank, "amax")
    cells = (largest >= 0).nonzero()[:, 0]
    chosen = largest[cells]
    inside = centres[chosen, :2] * grid - _corner(cells, grid)
    codes = torch.cat([inside, centres[chosen, 2:].sqrt()], 1)
    return CellTruth(cells, codes, rows.labels[order][chosen], ignored)


def cell_corners(codes: Tensor, cells: Tensor, grid: int) -> Tensor:
    """Boxes x1, y1, x2, y2 (…, n, 4) of codes (…, n, 4) of the cells (n,)."""
    centres = (codes[..., :2] + _corner(cells.to(codes.device), grid)) / grid
    boxes = torch.cat([centres, codes[..., 2:].square()], -1)
    return from_centres(boxes.flatten(0, -2)).view_as(codes)


def responsible(codes: Tensor, wanted: Tensor, cells: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """Which of a cell's boxes answers for its object, and how well it fits.

    Args:
        codes: (n, K, 4) boxes of the cells with an object.
        wanted: (n, 4) where the objects stand.
        cells: (n,) the cells.
        grid: S.

    Returns:
        (n,) the box of greatest IoU, or where none overlaps the one of least distance, in centre and size; and (n,)
        its IoU.
    """
    boxes, targets = cell_corners(codes.transpose(0, 1), cells, grid), cell_corners(wanted, cells, grid)
    fits = torch.stack([iou(each, targets) for each in boxes], 1)
    prediction, target = to_centres(boxes.flatten(0, 1)).view_as(boxes), to_centres(targets)
    distance = (prediction - target).square().sum(-1).T
    best = torch.where((fits > 0).any(1), fits.argmax(1), distance.argmin(1))
    return best, fits.gather(1, best[:, None])[:, 0]


def no_background(truth: CellTruth, grid: int) -> Tensor:
    """(S · S,) bool: whether the middle of a cell lies in a crowd, so that it need not be silent."""
    cells = torch.arange(grid**2, device=truth.crowds.device)
    middle = (_corner(cells, grid) + 0.5) / grid
    low, high = truth.crowds[:, None, :2], truth.crowds[:, None, 2:]
    return ((middle >= low) & (middle < high)).all(2).any(0)


def said_of_sought(classes: Tensor, sought: Tensor) -> Tensor:
    """(B, S · S) 0..1: how much of what a cell says of classes it says of those that were sought.

    A score is a class's probability times a confidence. So much of an empty cell's confidence is known to be wrong; the
    rest may stand for an object that nobody annotated.

    Args:
        classes: (B, S · S, C) probability of each class, where a cell holds an object.
        sought: (B, 1, C) bool, which classes were sought in each picture.
    """
    said = classes.clamp(min=0)
    whole = said.sum(2)
    return torch.where(whole > 0, (said * sought).sum(2) / whole, 1.0)


def _cell_of(centres: Tensor, grid: int) -> Tensor:
    """(n,) cells of the points (n, 2); what lies on the picture's far border belongs to the last cell."""
    column, row = (centres * grid).long().clamp(0, grid - 1).unbind(1)
    return row * grid + column


def _corner(cells: Tensor, grid: int) -> Tensor:
    """(n, 2) column and row of the cells."""
    return torch.stack([cells % grid, cells // grid], 1)
