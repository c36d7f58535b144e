"""What of the truth can still be seen after a random map; filtered once, at the end."""

from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances

LEAST_SHARE = 0.1
LEAST_SIDE = 1.0


def keep_visible(truth: Annotation, size: tuple[int, int], tighten: bool = False, centred: bool = False) -> Annotation:
    """The truth of a moved picture, less what lies outside it.

    Boxes are clipped. A row goes, from all columns alike, when less than a tenth of its box or less than a pixel of a
    side is left, or when nothing is left of the mask that it has. Joints outside the picture become not annotated (0).
    Of crowds and regions to ignore every pixel that is left counts.

    Args:
        truth: Truth whose boxes and joints may leave the picture.
        size: (H, W) of the picture.
        centred: Whether rows whose box has its centre outside go too.
        tighten: Whether boxes are taken from masks where rows have one: a turned box is wider than its object.
    """
    pose_visible = _joints(truth.pose, truth.pose_visible, size)
    rows = truth.instances
    if rows is not None and len(rows):
        rows = _rows(_centred(rows, size) if centred else rows, size, tighten)
    return replace(truth, instances=rows, pose_visible=pose_visible)


def visible_boxes(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """(m, 4) boxes (n, 4) cut to a picture of `size` (H, W), less those without a pixel left."""
    clipped = _clip(boxes, size)
    return clipped[(clipped[:, 2:] - clipped[:, :2] >= LEAST_SIDE).all(1)]


def _rows(rows: Instances, size: tuple[int, int], tighten: bool) -> Instances:
    keep = torch.ones(len(rows), dtype=torch.bool)
    if rows.boxes is not None:
        clipped = _clip(rows.boxes, size)
        sides = clipped[:, 2:] - clipped[:, :2]
        share = sides.prod(1) / (rows.boxes[:, 2:] - rows.boxes[:, :2]).prod(1).clamp(min=1e-9)
        keep &= (sides >= LEAST_SIDE).all(1) & ((share >= LEAST_SHARE) | _is_region(rows))
        rows = replace(rows, boxes=clipped, area=None if rows.area is None else rows.area * share)
    if rows.masks is not None:
        keep &= (rows.masks.areas() > 0) | ~rows.has_mask
        if tighten and rows.boxes is not None:
            rows = replace(rows, boxes=torch.where(rows.has_mask[:, None], rows.masks.boxes(), rows.boxes))
    rows = replace(rows, visible=_joints(rows.keypoints, rows.visible, size))
    return rows if bool(keep.all()) else rows[keep]


def _centred(rows: Instances, size: tuple[int, int]) -> Instances:
    """The rows whose box, before it is clipped, has its centre inside."""
    if rows.boxes is None:
        return rows
    centres = (rows.boxes[:, :2] + rows.boxes[:, 2:]) / 2
    inside = ((centres >= 0) & (centres < centres.new_tensor([size[1], size[0]]))).all(1)
    return rows[inside | _is_region(rows)]


def _is_region(rows: Instances) -> Tensor:
    """(n,) bool, which rows are crowds: no objects, but parts of the picture."""
    return torch.zeros(len(rows), dtype=torch.bool) if rows.crowd is None else rows.crowd


def _clip(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    return boxes.clamp(min=0).minimum(boxes.new_tensor([size[1], size[0], size[1], size[0]]))


def _joints(joints: Tensor | None, visible: Tensor | None, size: tuple[int, int]) -> Tensor | None:
    if joints is None or visible is None:
        return visible
    inside = ((joints >= 0) & (joints < joints.new_tensor([size[1], size[0]]))).all(-1)
    return visible * inside
