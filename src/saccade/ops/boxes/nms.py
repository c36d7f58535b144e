"""Non-maximum suppression: of boxes that overlap, the one that scores best stays.

Legend: n boxes (n, 4) x1, y1, x2, y2 of one picture, with scores (n,) and groups (n,), within which alone boxes
suppress each other: classes, or levels of a pyramid.
"""

from typing import Literal

import torch
from torch import Tensor
from torchvision.ops import batched_nms

from saccade.ops.boxes.geometry import iou_matrix


def nms(boxes: Tensor, scores: Tensor, groups: Tensor, overlap: float, limit: int | None = None) -> Tensor:
    """Positions of the boxes that stay, by falling score.

    Args:
        boxes: (n, 4) float32.
        scores: (n,).
        groups: (n,) int64.
        overlap: Intersection over union above which the weaker of two goes.
        limit: How many stay at most.
    """
    return batched_nms(boxes.float(), scores.float(), groups, overlap)[:limit]


@torch.library.custom_op("saccade::batch_nms", mutates_args=())
def batch_nms(boxes: Tensor, scores: Tensor, groups: Tensor, overlap: float, limit: int) -> Tensor:
    """`nms` of several pictures: an operator by itself, so that in a graph it is one step, of a size that is known.

    Args:
        boxes: (B, n, 4) x1, y1, x2, y2 of B pictures, none of them negative.
        scores: (B, n), -inf where there is no box.
        groups: (B, n) int64, from 0.
        overlap: Intersection over union above which the weaker of two goes.
        limit: How many of each picture stay at most.

    Returns:
        (B, limit) int64 positions of the boxes that stay, by falling score; n where there is none.
    """
    stays = groups.new_full((len(scores), limit), scores.shape[1])
    for picture, shown in enumerate(scores > -torch.inf):
        rows = shown.nonzero()[:, 0]
        left = nms(boxes[picture, rows], scores[picture, rows], groups[picture, rows], overlap, limit)
        stays[picture, : len(left)] = rows[left]
    return stays


@batch_nms.register_fake
def _(boxes: Tensor, scores: Tensor, groups: Tensor, overlap: float, limit: int) -> Tensor:
    return groups.new_empty((scores.shape[0], limit))


def soft_nms(
    boxes: Tensor,
    scores: Tensor,
    groups: Tensor,
    *,
    method: Literal["linear", "gaussian"] = "gaussian",
    sigma: float = 0.5,
    overlap: float = 0.3,
    least: float = 0.001,
    limit: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Overlapping boxes lose score in place of their lives. Source: Bodla et al. 2017, Soft-NMS, equations 3 and 4.

    Args:
        boxes: (n, 4).
        scores: (n,) 0..1.
        groups: (n,).
        method: ``linear``: times 1 - IoU above `overlap`. ``gaussian``: times exp(-IoU² / sigma).
        sigma: Of ``gaussian``.
        overlap: Of ``linear``.
        least: Score below which a box goes.
        limit: How many stay at most.

    Returns:
        Positions (k,) of the boxes that stay, by falling new score, and those scores (k,).
    """
    left, current = torch.ones_like(scores, dtype=torch.bool), scores.clone()
    kept: list[int] = []
    while limit is None or len(kept) < limit:
        best = int(current.masked_fill(~left, -1).argmax()) if len(scores) else 0
        if not len(scores) or not left[best] or current[best] < least:
            break
        kept.append(best)
        left[best] = False
        iou = iou_matrix(boxes[best : best + 1], boxes)[0]
        decay = torch.exp(-iou.square() / sigma) if method == "gaussian" else torch.where(iou > overlap, 1 - iou, 1.0)
        current = torch.where(left & (groups == groups[best]), current * decay, current)
    places = torch.tensor(kept, dtype=torch.int64, device=boxes.device)
    return places, current[places]


def vote_boxes(boxes: Tensor, scores: Tensor, groups: Tensor, kept: Tensor, overlap: float) -> Tensor:
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
