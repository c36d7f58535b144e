"""Boxes that agree are merged, and gain by each other's scores, where suppression would drop all but one.

Source: Sermanet et al. 2013, OverFeat, arXiv 1312.6229, section 4.3.
"""

import torch
from torch import Tensor

from saccade.ops.boxes.geometry import area, iou_matrix


def merge_boxes(boxes: Tensor, scores: Tensor, threshold: float = 0.8) -> tuple[Tensor, Tensor]:
    """Merge the two boxes that match best, again and again, until no two match.

    The paper calls the score of a match the sum of the distance between centres and of the intersection's area, and
    stops where it is large: the two point in opposite directions. Here a match costs the distance of the centres over
    the geometric mean of the boxes' sides, plus 1 - IoU. Merging averages the corners and adds the scores.

    Args:
        boxes: (n, 4) x1, y1, x2, y2 of one class.
        scores: (n,).
        threshold: Cost above which two boxes stay apart; two of one size that overlap by half cost .83.

    Returns:
        (k, 4) boxes and (k,) sums of scores, by falling score.
    """
    boxes, scores = boxes.clone().double(), scores.clone().double()
    cost = _costs(boxes, boxes).fill_diagonal_(torch.inf)
    left = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    while len(boxes) > 1:
        place = int(cost.argmin())
        first, second = divmod(place, len(boxes))
        if cost[first, second] > threshold:
            break
        boxes[first] = (boxes[first] + boxes[second]) / 2
        scores[first] += scores[second]
        left[second] = False
        row = _costs(boxes[first : first + 1], boxes)[0].masked_fill(~left, torch.inf)
        row[first] = torch.inf
        cost[first], cost[:, first] = row, row
        cost[second], cost[:, second] = torch.inf, torch.inf
    boxes, scores = boxes[left], scores[left]
    order = scores.argsort(descending=True, stable=True)
    return boxes[order].float(), scores[order].float()


def _costs(first: Tensor, second: Tensor) -> Tensor:
    """(n, m) cost of matching each of (n, 4) with each of (m, 4)."""
    here, there = (first[:, :2] + first[:, 2:]) / 2, (second[:, :2] + second[:, 2:]) / 2
    sides = (area(first)[:, None] * area(second)[None]).pow(0.25).clamp(min=1e-6)
    return torch.cdist(here, there) / sides + 1 - iou_matrix(first, second)
