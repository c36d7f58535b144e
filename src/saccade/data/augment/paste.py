"""Objects cut out of one picture by their masks and laid on another, with the truth of both.

Paper: Ghiasi, Cui, Srinivas, Qian, Lin, Cubuk, Le, Zoph 2021, Simple copy-paste is a strong data augmentation method
for instance segmentation, arXiv 2012.07177, section 3.
"""

from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.input.channels import as_float
from saccade.core.masks import Masks
from saccade.data.augment.mixing import all_sought, rows_of_all
from saccade.data.augment.visibility import LEAST_SHARE

VISIBLE, HIDDEN = 2, 1
IGNORE = 255


def can_paste(below: Annotation, above: Annotation) -> bool:
    """Whether both are annotated with masks and boxes, and something is there to be cut out."""
    needed = ("instances.masks", "instances.boxes")
    return below.has(*needed) and above.has(*needed) and len(above.instances or ()) > 0


def paste(
    images: tuple[Tensor, Tensor], truths: tuple[Annotation, Annotation], chosen: Tensor
) -> tuple[Tensor, Annotation]:
    """The chosen objects of the second picture, laid on the first at the same place.

    Args:
        images: (C, H, W) each.
        truths: What each shows; `can_paste` holds of them.
        chosen: (n,) bool, rows of the second that are laid over; those without a mask, and regions to ignore, stay.

    Returns:
        The picture, and its truth: objects that are covered lose those pixels, and go when less than a tenth of them is
        left; covered joints become hidden; classes per pixel, their masks and contours are those of what lies above.
        Classes were looked for where they were in both.
    """
    below, above = truths
    rows = above.instances or Instances()
    rows = rows[chosen & rows.has_mask & ~rows.is_ignored]
    over = _union(rows, (images[0].shape[-2], images[0].shape[-1]))
    first, second = images if images[0].dtype == images[1].dtype else (as_float(images[0]), as_float(images[1]))
    kept = _less(below.instances or Instances(), over)
    both = (below.labels, above.labels)
    labels = None if both[0] is None or both[1] is None else torch.maximum(both[0], both[1])
    return torch.where(over, second, first), replace(
        below,
        labels=labels,
        instances=rows_of_all([kept, rows]),
        sought=all_sought([below.sought, above.sought]),
        semantic=_above(below.semantic, above.semantic, over, IGNORE),
        semantic_masks=_layers_above(below.semantic_masks, above.semantic_masks, over),
        semantic_masks_unknown=_unknown_above(below, above, over),
        semantic_sought=all_sought([below.semantic_sought, above.semantic_sought if above.tells_pixels else None]),
        contours=_contours(below.contours, above.contours, over),
    )


def _union(rows: Instances, size: tuple[int, int]) -> Tensor:
    """(H, W) bool: where any of the rows is."""
    return rows.masks.dense().any(0) if rows.masks is not None and len(rows) else torch.zeros(size, dtype=torch.bool)


def _less(rows: Instances, over: Tensor) -> Instances:
    """The rows without the pixels that are covered; boxes of rows that lost some become tight.

    Rows without a mask keep their boxes; what is left of the box is taken for what is left of the object.
    """
    if rows.masks is None or rows.boxes is None or not len(rows):
        return rows
    before = rows.masks.areas()
    masks = type(rows.masks).from_dense(rows.masks.dense() & ~over)
    left = torch.where(rows.has_mask, masks.areas() / before.clamp(min=1), _uncovered(rows.boxes, over))
    boxes = torch.where((rows.has_mask & (left < 1))[:, None], masks.boxes(), rows.boxes)
    area = None if rows.area is None else rows.area * left
    rows = replace(rows, masks=masks, boxes=boxes, area=area, visible=_hidden(rows, over))
    return rows[(left >= LEAST_SHARE) & ((before > 0) | ~rows.has_mask)]


def _uncovered(boxes: Tensor, over: Tensor) -> Tensor:
    """(n,) the share of each box's whole pixels that is not covered."""
    height, width = over.shape
    shares: list[float] = []
    for x1, y1, x2, y2 in boxes.round().long().tolist():
        pixels = over[max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)]
        shares.append(1 - float(pixels.float().mean()) if pixels.numel() else 1.0)
    return torch.tensor(shares)


def _hidden(rows: Instances, over: Tensor) -> Tensor | None:
    """(n, K) how visible joints are, those that are covered hidden."""
    if rows.keypoints is None or rows.visible is None:
        return rows.visible
    x, y = rows.keypoints.long().unbind(-1)
    height, width = over.shape
    covered = over[y.clamp(0, height - 1), x.clamp(0, width - 1)]
    return torch.where(covered & (rows.visible == VISIBLE), HIDDEN, rows.visible)


def _above(below: Tensor | None, above: Tensor | None, over: Tensor, unknown: int) -> Tensor | None:
    if below is None:
        return None
    return torch.where(over, torch.full_like(below, unknown) if above is None else above, below)


def _layers_above(below: Masks | None, above: Masks | None, over: Tensor) -> Masks | None:
    """Masks of classes, those of what lies above where it lies."""
    if below is None:
        return None
    left = below.dense() & ~over
    return Masks.from_dense(left if above is None else left | (above.dense() & over))


def _unknown_above(below: Annotation, above: Annotation, over: Tensor) -> Tensor | None:
    """(H, W) bool, pixels of which the masks of classes say nothing; None where they say something of all."""
    if below.semantic_masks is None:
        return None
    nothing = torch.zeros_like(over)
    first, second = (nothing if t.semantic_masks_unknown is None else t.semantic_masks_unknown for t in (below, above))
    found = torch.where(over, second if above.semantic_masks is not None else ~nothing, first)
    return found if bool(found.any()) else None


def _contours(below: Tensor | None, above: Tensor | None, over: Tensor) -> Tensor | None:
    """Of as many annotators as both have; None where one has none."""
    if below is None or above is None:
        return None
    fewest = min(len(below), len(above))
    return torch.where(over, above[:fewest], below[:fewest])
