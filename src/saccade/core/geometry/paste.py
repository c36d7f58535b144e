"""Masks that stand on a small grid over their box, painted into a picture: at whose pixels it is done, once.

A grid knows no resolution, so that it is painted at the pixels where the mask is wanted, and never moved as bits.

Legend: n masks, m × m cells of a grid, (H, W) picture.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Instances
from saccade.core.geometry import warp
from saccade.core.masks import Masks

# Cells of zeros around a grid, so that a mask may end between the border of its box and its outermost cells.
PAD = 1
SET = 0.5


def paste(scores: Tensor, boxes: Tensor, size: tuple[int, int]) -> Masks:
    """Masks of a picture of `size` (H, W), pixel by pixel as torchvision and Detectron paste theirs.

    The padded grid is stretched over the box, as much larger, in whole pixels (its corners are cut to whole numbers and
    the last pixel belongs to it), and a pixel is set where the bilinear value there is above one half. One mask after
    the other is painted, straight into the bits of all, so that a large picture takes little more than these.

    Source: He et al. 2017, Mask R-CNN, section 3.1; Detectron, core/test.py, for how to pad and round.

    Args:
        scores: (n, m, m) float, 0..1, how likely each cell is of the object.
        boxes: (n, 4) x1, y1, x2, y2 in the picture's pixels, over which the cells lie; they may leave it.
        size: (H, W).
    """
    if not len(boxes):
        return Masks.empty(size)
    whole = _in_whole_pixels(boxes, scores.shape[-1])
    limit = whole.new_tensor([size[1], size[0]] * 2)
    windows = torch.cat([whole[:, :2], whole[:, 2:] + 1], 1).clamp(min=0).minimum(limit)
    windows = torch.cat([windows[:, :2], windows[:, 2:].maximum(windows[:, :2])], 1)
    bits = torch.empty(int((windows[:, 2:] - windows[:, :2]).prod(1).sum()), dtype=torch.bool, device=scores.device)
    padded = F.pad(scores.float(), (PAD,) * 4)[:, None]
    first = 0
    for row, (x1, y1, x2, y2) in enumerate(windows.tolist()):
        pixels = (x2 - x1) * (y2 - y1)
        if pixels:
            left, top, right, bottom = whole[row].tolist()
            sides = (max(bottom - top + 1, 1), max(right - left + 1, 1))
            painted = F.interpolate(padded[row : row + 1], size=sides, mode="bilinear", align_corners=False)[0, 0]
            seen = painted[y1 - top : y2 - top, x1 - left : x2 - left]
            torch.gt(seen, SET, out=bits[first : first + pixels].view(y2 - y1, x2 - x1))
        first += pixels
    return Masks(bits, windows, size)


def _in_whole_pixels(boxes: Tensor, cells: int) -> Tensor:
    """(n, 4) int64 boxes of the padded grids: first and last column and row."""
    half = (boxes[:, 2:] - boxes[:, :2]) * 0.5 * (float(cells + 2 * PAD) / cells)
    centre = (boxes[:, 2:] + boxes[:, :2]) * 0.5
    return torch.cat([centre - half, centre + half], 1).to(torch.int64)


def pasted(rows: Instances, matrix: Tensor, size: tuple[int, int], displacement: Tensor | None = None) -> Masks | None:
    """The masks of rows with a grid each, painted where a map leads; None without one, or if the map turns or bends.

    Args:
        rows: Boxes and `mask_scores` of the source.
        matrix: (3, 3), source to target.
        size: (H, W) of the target.
        displacement: (2, H, W) elastic displacement on the target, or None.
    """
    grids, turns = rows.mask_scores, bool(matrix[0, 1] != 0 or matrix[1, 0] != 0)
    if grids is None or rows.boxes is None or turns or displacement is not None:
        return None
    mirrored = [axis for axis, factor in ((2, matrix[0, 0]), (1, matrix[1, 1])) if factor < 0]
    return paste(grids.flip(mirrored), warp.boxes(rows.boxes, matrix), size)
