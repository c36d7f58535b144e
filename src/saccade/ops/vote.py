"""Voting of boxes: those that a better one suppresses still have a say in where it lies.

Legend: n boxes of one picture with scores (n,) and groups (n,), within which alone they vote for each other; k of them
stay.
"""

import torch
from torch import Tensor

from saccade.ops.boxes import iou_matrix


def voted(boxes: Tensor, scores: Tensor, groups: Tensor, kept: Tensor, overlap: float) -> Tensor:
    """(k, 4) boxes that stay, each the mean of all boxes of its group that overlap it, weighted by their scores.

    Paper: Gidaris, Komodakis 2015, Object detection via a multi-region and semantic segmentation-aware CNN model, arXiv
    1505.01749, section 5; Bell et al. 2015 and Zagoruyko et al. 2016 vote in the same way.

    Args:
        boxes: (n, 4) x1, y1, x2, y2.
        scores: (n,), not negative.
        groups: (n,) int64.
        kept: (k,) positions of the boxes that stay.
        overlap: Intersection over union from which a box votes.
    """
    votes = (iou_matrix(boxes[kept], boxes) >= overlap) & (groups[kept][:, None] == groups)
    weights = votes * scores
    # A box votes for itself also where it has no area, and so no overlap, or no score.
    weights[torch.arange(len(kept), device=kept.device), kept] = scores[kept].clamp(min=torch.finfo(scores.dtype).tiny)
    return weights @ boxes / weights.sum(1, keepdim=True)
