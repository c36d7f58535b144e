"""One affine map, applied to every field of a picture by that field's own kernel.

Matrices are (3, 3) float64 and map continuous source coordinates (x, y, 1) to target coordinates; sizes are (H, W).
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks

IGNORE = 255


def points(xy: Tensor, matrix: Tensor) -> Tensor:
    """(…, 2) points, moved."""
    matrix = matrix.to(xy)
    return xy @ matrix[:2, :2].T + matrix[:2, 2]


def boxes(xyxy: Tensor, matrix: Tensor) -> Tensor:
    """(n, 4) boxes: the upright hull of each moved box."""
    corners = points(xyxy[:, [0, 1, 2, 1, 2, 3, 0, 3]].view(-1, 4, 2), matrix)
    return torch.cat([corners.amin(1), corners.amax(1)], 1)


def sample(maps: Tensor, matrix: Tensor, size: tuple[int, int], mode: str, fill: float) -> Tensor:
    """(C, h, w) float maps sampled at the pixel centres of a target of `size`; `fill` outside the source."""
    inverse = torch.linalg.inv(matrix)
    ys, xs = (torch.arange(n, dtype=torch.float64) + 0.5 for n in size)
    target = torch.stack([xs.expand(size[0], -1), ys[:, None].expand(-1, size[1])], -1)
    source = points(target, inverse)
    wh = torch.tensor([maps.shape[-1], maps.shape[-2]], dtype=torch.float64)
    grid = (2 * source / wh - 1).to(maps)[None]
    return F.grid_sample(maps[None] - fill, grid, mode=mode, padding_mode="zeros", align_corners=False)[0] + fill


def labels(semantic: Tensor, matrix: Tensor, size: tuple[int, int]) -> Tensor:
    """(H, W) classes per pixel, the nearest one; 255 outside."""
    return sample(semantic[None].float(), matrix, size, "nearest", IGNORE)[0].round().long()


def masks(instances: Masks, matrix: Tensor, size: tuple[int, int]) -> Masks:
    """n instance masks, nearest pixel."""
    if not len(instances):
        return Masks.empty(size)
    return Masks.from_dense(sample(instances.dense().float(), matrix, size, "nearest", 0) > 0.5)


def instances(rows: Instances, matrix: Tensor, size: tuple[int, int]) -> Instances:
    """All geometric columns moved; the annotated area scales with the map's determinant."""
    scale = float(torch.linalg.det(matrix[:2, :2]).abs())
    return replace(
        rows,
        boxes=None if rows.boxes is None else boxes(rows.boxes, matrix),
        keypoints=None if rows.keypoints is None else points(rows.keypoints, matrix),
        masks=None if rows.masks is None else masks(rows.masks, matrix, size),
        area=None if rows.area is None else rows.area * scale,
    )


def annotation(truth: Annotation, matrix: Tensor, size: tuple[int, int]) -> Annotation:
    """Every field moved into a picture of `size`. Boxes may leave the picture; no row is dropped."""
    if torch.equal(matrix, torch.eye(3, dtype=matrix.dtype)):
        return truth
    return replace(
        truth,
        instances=None if truth.instances is None else instances(truth.instances, matrix, size),
        semantic=None if truth.semantic is None else labels(truth.semantic, matrix, size),
        semantic_scores=_smooth(truth.semantic_scores, matrix, size),
        contours=_smooth(truth.contours, matrix, size),
        pose=None if truth.pose is None else points(truth.pose, matrix),
    )


def _smooth(maps: Tensor | None, matrix: Tensor, size: tuple[int, int]) -> Tensor | None:
    return None if maps is None else sample(maps, matrix, size, "bilinear", 0)


def clip_boxes(truth: Annotation, size: tuple[int, int]) -> Annotation:
    """Boxes cut to a picture of `size` (H, W); no row is dropped."""
    if truth.instances is None or truth.instances.boxes is None:
        return truth
    limit = truth.instances.boxes.new_tensor([size[1], size[0], size[1], size[0]])
    clipped = truth.instances.boxes.clamp(min=0).minimum(limit)
    return replace(truth, instances=replace(truth.instances, boxes=clipped))


def swap_joints(truth: Annotation, pairs: tuple[tuple[int, int], ...]) -> Annotation:
    """Left and right joints exchanged, in the instances' keypoints and in the pose."""

    def swap(joints: Tensor | None, axis: int) -> Tensor | None:
        if joints is None:
            return None
        order = torch.arange(joints.shape[axis])
        for left, right in pairs:
            order[left], order[right] = right, left
        return joints.index_select(axis, order)

    rows = truth.instances
    if rows is not None:
        rows = replace(rows, keypoints=swap(rows.keypoints, 1), visible=swap(rows.visible, 1))
    return replace(truth, instances=rows, pose=swap(truth.pose, 0), pose_visible=swap(truth.pose_visible, 0))
