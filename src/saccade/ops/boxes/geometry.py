"""Boxes as pure functions: areas, overlaps, corners and centres.

Boxes are (n, 4) float x1, y1, x2, y2 in continuous pixel coordinates; width is x2 - x1, without VOC's + 1.
A box whose x2 < x1 or y2 < y1 has no area, and overlaps of boxes without area are 0, never NaN.
"""

import torch
import torchvision.ops as tv
from torch import Tensor


def area(boxes: Tensor) -> Tensor:
    """(n,) areas in square pixels."""
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)


def intersection(first: Tensor, second: Tensor) -> Tensor:
    """(n,) areas that row i of both (n, 4) has in common."""
    corner, opposite = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    return (opposite - corner).clamp(min=0).prod(1)


def iou(first: Tensor, second: Tensor) -> Tensor:
    """(n,) intersection over union of row i of both (n, 4)."""
    common = intersection(first, second)
    return _ratio(common, area(first) + area(second) - common)


def dice(first: Tensor, second: Tensor) -> Tensor:
    """(n,) twice the intersection over the sum of areas, of row i of both (n, 4); equals 2 IoU / (1 + IoU)."""
    return _ratio(2 * intersection(first, second), area(first) + area(second))


def iou_matrix(first: Tensor, second: Tensor) -> Tensor:
    """(n, m) intersection over union of every box of (n, 4) with every box of (m, 4)."""
    # torchvision divides 0 by 0 where both boxes have no area, and takes the product of two negative sides for one.
    return torch.nan_to_num(tv.box_iou(_ordered(first), _ordered(second)), nan=0.0)


def intersection_over_first(first: Tensor, second: Tensor) -> Tensor:
    """(n, m) share of every box of (n, 4) that every box of (m, 4) covers."""
    corner = torch.maximum(first[:, None, :2], second[:, :2])
    opposite = torch.minimum(first[:, None, 2:], second[:, 2:])
    return _ratio((opposite - corner).clamp(min=0).prod(2), area(first)[:, None])


def to_centres(boxes: Tensor) -> Tensor:
    """(n, 4) centre x, centre y, width, height of corner boxes."""
    return tv.box_convert(boxes, "xyxy", "cxcywh")


def from_centres(boxes: Tensor) -> Tensor:
    """(n, 4) corner boxes of centre x, centre y, width, height."""
    return tv.box_convert(boxes, "cxcywh", "xyxy")


def _ordered(boxes: Tensor) -> Tensor:
    return torch.cat([boxes[:, :2], torch.maximum(boxes[:, :2], boxes[:, 2:])], 1)


def _ratio(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part / torch.where(whole > 0, whole, 1), 0)
