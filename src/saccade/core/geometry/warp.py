"""One map, applied to every field of a picture by that field's own kernel.

Matrices are (3, 3) float64 and map continuous source coordinates (x, y, 1) to target coordinates; sizes are (H, W).
A displacement (2, H, W) bends the target elastically after the affine map; see `core.geometry.displacement`.
"""

from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.geometry import displacement as elastic
from saccade.core.geometry.affine import is_identity
from saccade.core.geometry.masks_warp import warp_masks
from saccade.core.geometry.resample import image, lines, nearest
from saccade.core.masks import Masks
from saccade.core.score_maps import IGNORE

__all__ = [
    "IGNORE",
    "annotation",
    "boxes",
    "clip_boxes",
    "cut",
    "image",
    "instances",
    "labels",
    "points",
    "swap_joints",
]

SIDE_POINTS = 8
# Fields of one value a pixel.
DENSE = ("semantic", "semantic_scores", "semantic_masks_unknown", "semantic_mask_scores", "contours")


def points(xy: Tensor, matrix: Tensor, displacement: Tensor | None = None) -> Tensor:
    """(…, 2) points, moved."""
    exact = xy.double() @ matrix[:2, :2].T + matrix[:2, 2]
    return (exact if displacement is None else elastic.bend(exact, displacement)).to(xy)


def boxes(xyxy: Tensor, matrix: Tensor, displacement: Tensor | None = None) -> Tensor:
    """(n, 4) boxes: the upright hull of each moved box."""
    outline = xyxy[:, [0, 1, 2, 1, 2, 3, 0, 3]].view(-1, 4, 2)
    if displacement is not None:  # straight sides bend, so their inner points count too
        along = torch.arange(SIDE_POINTS, dtype=xyxy.dtype)[:, None, None, None] / SIDE_POINTS
        outline = (outline + along * (outline.roll(-1, 1) - outline)).permute(1, 0, 2, 3).flatten(1, 2)
    moved = points(outline, matrix, displacement)
    return torch.cat([moved.amin(1), moved.amax(1)], 1)


def labels(semantic: Tensor, matrix: Tensor, size: tuple[int, int], displacement: Tensor | None = None) -> Tensor:
    """(H, W) classes per pixel, the nearest one; 255 outside."""
    return nearest(semantic[None], matrix, size, IGNORE, displacement)[0]


def instances(rows: Instances, matrix: Tensor, size: tuple[int, int], displacement: Tensor | None = None) -> Instances:
    """All geometric columns moved; the annotated area scales with the map's determinant."""
    return replace(
        rows,
        boxes=None if rows.boxes is None else boxes(rows.boxes, matrix, displacement),
        keypoints=None if rows.keypoints is None else points(rows.keypoints, matrix, displacement),
        masks=None if rows.masks is None else warp_masks(rows.masks, matrix, size, displacement),
        area=None if rows.area is None else rows.area * _growth(matrix),
    )


def annotation(
    truth: Annotation, matrix: Tensor, size: tuple[int, int], displacement: Tensor | None = None
) -> Annotation:
    """Every field moved into a picture of `size`. Boxes may leave the picture; no row is dropped."""
    if displacement is None and is_identity(matrix) and _dense_sizes(truth) <= {size}:
        return truth
    smooth, layers, likely = truth.semantic_scores, truth.semantic_masks, truth.semantic_mask_scores
    return replace(
        truth,
        instances=None if truth.instances is None else instances(truth.instances, matrix, size, displacement),
        semantic=None if truth.semantic is None else labels(truth.semantic, matrix, size, displacement),
        semantic_scores=None if smooth is None else image(smooth, matrix, size, displacement=displacement),
        semantic_masks=None if layers is None else warp_masks(layers, matrix, size, displacement),
        semantic_masks_unknown=None if layers is None else _unknown(truth, layers, matrix, size, displacement),
        semantic_mask_scores=None if likely is None else image(likely, matrix, size, displacement=displacement),
        contours=None if truth.contours is None else lines(truth.contours, matrix, size, displacement),
        pose=None if truth.pose is None else points(truth.pose, matrix, displacement),
        person=None if truth.person is None else _person(truth.person, matrix, displacement),
    )


def cut(truth: Annotation, size: tuple[int, int]) -> Annotation:
    """Classes, their masks, scores and contours per pixel, cut on the right and below to a picture of `size` (H, W).

    Raises:
        ValueError: A map is smaller than `size`.
    """
    maps = {name: truth.get(name) for name in DENSE if truth.has(name)}
    for name, found in maps.items():
        if found.shape[-2] < size[0] or found.shape[-1] < size[1]:
            raise ValueError(f"expected {name} of at least {size} pixels, found {tuple(found.shape[-2:])}")
    layers = truth.semantic_masks
    cut_maps = {name: found[..., : size[0], : size[1]] for name, found in maps.items()}
    return replace(truth, semantic_masks=None if layers is None else layers.cut(size), **cut_maps)


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
        columns = {name: swap(getattr(rows, name), 1) for name in ("keypoints", "visible", "keypoint_scores")}
        rows = replace(rows, **columns)
    pose = {name: swap(truth.get(name), 0) for name in ("pose", "pose_visible", "pose_scores")}
    return replace(truth, instances=rows, **pose)


def _unknown(
    truth: Annotation, layers: Masks, matrix: Tensor, size: tuple[int, int], displacement: Tensor | None
) -> Tensor | None:
    """(H, W) bool, pixels of which the masks of classes say nothing, all outside the source among them."""
    known = truth.semantic_masks_unknown
    known = torch.zeros(layers.size, dtype=torch.bool, device=layers.bits.device) if known is None else known
    moved = nearest(known[None].byte(), matrix, size, 1, displacement)[0].bool()
    return moved if bool(moved.any()) else None


def _person(person: Person, matrix: Tensor, displacement: Tensor | None) -> Person:
    length = _growth(matrix) ** 0.5
    return Person(
        centre=None if person.centre is None else points(person.centre, matrix, displacement),
        scale=None if person.scale is None else person.scale * length,
        head_size=None if person.head_size is None else person.head_size * length,
    )


def _growth(matrix: Tensor) -> float:
    """Target pixels that one source pixel covers."""
    return float(torch.linalg.det(matrix[:2, :2]).abs())


def _dense_sizes(truth: Annotation) -> set[tuple[int, int]]:
    """(H, W) of every field that has a pixel grid."""
    sizes = {(m.shape[-2], m.shape[-1]) for m in (truth.get(name) for name in DENSE) if m is not None}
    packed = (truth.get("instances.masks"), truth.semantic_masks)
    return sizes | {masks.size for masks in packed if masks is not None}
