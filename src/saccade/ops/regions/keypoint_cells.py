"""Joints as cells of a grid over a region, and back.

Source: Detectron's keypoint branch (He et al. 2017, Mask R-CNN, section 5), which torchvision follows.

Legend: n regions, K joints, m × m cells.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def keypoint_cells(points: Tensor, boxes: Tensor, cells: int) -> tuple[Tensor, Tensor]:
    """The cell that each joint lies in, and whether it lies in any.

    A region's right and lower border belong to its last cells.

    Args:
        points: (n, K, 2) x, y in input pixels.
        boxes: (n, 4) regions x1, y1, x2, y2 in input pixels.
        cells: m.

    Returns:
        (n, K) int64 row times m plus column, 0 where the joint is outside; (n, K) bool.
    """
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    place = ((points - low) * (cells / (high - low))).floor()
    place = torch.where(points == high, cells - 1.0, place)
    inside = ((place >= 0) & (place < cells)).all(-1)
    column, row = place.nan_to_num().clamp(0, cells - 1).long().unbind(-1)
    return (row * cells + column) * inside, inside


def keypoint_places(logits: Tensor, boxes: Tensor, reduced: bool = False) -> Tensor:
    """(n, K, 2) where joints are most likely, in input pixels.

    Each grid is enlarged to its region's size, rounded up to whole pixels, by cubic interpolation; the joint is in the
    middle of the best pixel. A region counts as at least one pixel wide and high. Regions are taken one by one, since
    each has a size of its own.

    Detectron and torchvision bring the grid of a region with fewer pixels than cells to its pixels too. A sharp peak
    may then lie between those cells that are looked at, and the joint is put elsewhere; so it is only done if asked.

    Args:
        logits: (n, K, m, m).
        boxes: (n, 4) regions x1, y1, x2, y2 in input pixels.
        reduced: Whether grids are reduced where a region has fewer pixels than cells.
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    whole = sides.ceil() if reduced else sides.ceil().clamp(min=logits.shape[-1])
    found = boxes.new_zeros(*logits.shape[:2], 2)
    for place, (width, height) in enumerate(whole.long().tolist()):
        enlarged = F.interpolate(logits[place][:, None], size=(height, width), mode="bicubic", align_corners=False)
        best = enlarged.flatten(1).argmax(1)
        found[place] = torch.stack([best % width, best // width], 1)
    return (found + 0.5) * (sides / whole)[:, None] + boxes[:, None, :2]
