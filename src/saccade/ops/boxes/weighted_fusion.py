"""Weighted boxes fusion: boxes that several networks find of one object become their mean.

Paper: Solovyev, Wang, Gabruseva 2019, Weighted boxes fusion: ensembling boxes from different object detection models,
arXiv 1910.13302, section 3.

Legend: n boxes of all networks (n, 4) x1, y1, x2, y2 of one picture; k fused ones.
"""

import torch
from torch import Tensor

from saccade.ops.boxes.geometry import iou_matrix

# The paper's best.
OVERLAP = 0.55


def fuse_boxes(
    boxes: Tensor, scores: Tensor, groups: Tensor, networks: int, overlap: float = OVERLAP
) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes of one object become one; what few of the networks find scores less.

    By falling score each box joins the fused box of its group that it overlaps most, or begins another. A fused box is
    the mean of its boxes, weighted by their scores. Its score is the mean of theirs, times the share of the networks
    that they can be of: min(boxes, networks) / networks.

    Args:
        boxes: (n, 4) of all networks.
        scores: (n,), not negative.
        groups: (n,) int64, such as classes, within which alone boxes are fused.
        networks: How many there are.
        overlap: Intersection over union above which a box joins another.

    Returns:
        (k, 4) fused boxes and (k,) their scores, by falling score, and (k,) int64 position of the surest box of each.
    """
    order = scores.argsort(descending=True, stable=True)
    # A box without a score keeps its place, too.
    weights = scores.double().clamp(min=torch.finfo(torch.float32).tiny)[:, None]
    weighted = torch.cat([boxes * weights, weights, torch.ones_like(weights)], 1)
    # Of each fused box: sums of x1, y1, x2, y2 times their scores, of the scores, and how many there are.
    sums, first = weighted.new_zeros(len(boxes), 6), order.new_zeros(len(boxes))
    count = 0
    for place in order.tolist():
        fused = sums[:count, :4] / sums[:count, 4:5]
        near = iou_matrix(boxes[place : place + 1].double(), fused)[0]
        near = near.masked_fill(groups[first[:count]] != groups[place], -1.0)
        best = int(near.argmax()) if count else 0
        if not count or near[best] <= overlap:
            best, first[count] = count, place
            count += 1
        sums[best] += weighted[place]
    sums, first = sums[:count], first[:count]
    told = sums[:, 4] / sums[:, 5] * sums[:, 5].clamp(max=networks) / networks
    ranked = told.argsort(descending=True, stable=True)
    return (sums[:, :4] / sums[:, 4:5]).to(boxes)[ranked], told.to(scores)[ranked], first[ranked]
