"""Instance masks under a map, window by window: forty masks cost little more than one dense one."""

import torch
from torch import Tensor

from saccade.core.geometry.affine import TOLERANCE
from saccade.core.geometry.resample import source_pixels
from saccade.core.masks import Masks


def warp_masks(masks: Masks, matrix: Tensor, size: tuple[int, int], displacement: Tensor | None = None) -> Masks:
    """Masks moved into a picture of `size` (H, W), each by the nearest pixel, as classes per pixel move.

    Args:
        masks: Masks of the source.
        matrix: (3, 3), source to target.
        size: (H, W) of the target.
        displacement: (2, H, W) elastic displacement on the target, or None.
    """
    if not len(masks):
        return Masks.empty(size)
    columns, rows = source_pixels(matrix, size, displacement)
    targets = _target_windows(masks.windows, matrix, size, displacement)
    crops: list[Tensor] = []
    for crop, (left, top, _, _), (x1, y1, x2, y2) in zip(masks.crops(), masks.windows.tolist(), targets, strict=True):
        x = columns[:, x1:x2] if columns.shape[0] == 1 else columns[y1:y2, x1:x2]
        y = rows[y1:y2] if rows.shape[1] == 1 else rows[y1:y2, x1:x2]
        crops.append(_nearest(crop, x - left, y - top))
    return Masks.from_crops(crops, [(x1, y1) for x1, y1, _, _ in targets], size)


def _target_windows(
    windows: Tensor, matrix: Tensor, size: tuple[int, int], displacement: Tensor | None
) -> list[list[int]]:
    """Whole-pixel hulls of the moved windows, cut to the target: x1, y1, x2, y2 each."""
    corners = windows[:, [0, 1, 2, 1, 2, 3, 0, 3]].view(-1, 4, 2).double()
    moved = corners @ matrix[:2, :2].T + matrix[:2, 2]
    slack = 0.0 if displacement is None else float(displacement.abs().max())
    low, high = (moved.amin(1) - slack - TOLERANCE).floor(), (moved.amax(1) + slack + TOLERANCE).ceil()
    limit = torch.tensor([size[1], size[0]], dtype=torch.float64)
    return torch.cat([low.clamp(min=0).minimum(limit), high.clamp(min=0).minimum(limit)], 1).long().tolist()


def _nearest(crop: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
    """The bits (h, w) of a target window, from the columns and rows of the source's bits that its pixels fall into."""
    height, width = crop.shape
    shape = torch.broadcast_shapes(columns.shape, rows.shape)
    if not crop.numel() or not columns.numel() or not rows.numel():
        return crop.new_zeros(shape)
    right, low = columns.clamp(0, width - 1), rows.clamp(0, height - 1)
    inside = (right == columns) & (low == rows)
    if columns.shape[0] == 1 and rows.shape[1] == 1:  # upright: rows and columns can be picked one after the other
        return crop.index_select(0, low[:, 0]).index_select(1, right[0]).logical_and_(inside)
    return crop[low, right].logical_and_(inside)
