"""Boxes that a reader takes and a person would not: thin ones, ones drawn twice, joints outside the picture.

Legend: M objects.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.data.check.annotations.places import object_defect, written_at
from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part

_THIN = 1.001  # pixels
_TOLERANCE = 1.0  # pixels that a joint may lie outside: rounding, and whole pixels for their centres
_WHOLE = 0.95  # of a picture's area
_LEAST_OVERLAP = 0.5  # of a box and the extent of its outline


def odd_boxes(part: Part, objects: Objects) -> Iterator[Defect]:
    """The objects of a split that deserve a look, one by one."""
    for row in thin(objects).tolist():
        width, height = objects.sides[row].tolist()
        found = f"a box {width:.4g} wide and {height:.4g} high"
        expected = "a box of more than one pixel a side"
        yield object_defect(part, objects, row, found, expected, "draw the box again, or delete it")
    for row, first in repeated(objects).tolist():
        found = f"the same box and class as {written_at(part, objects, first)} of this picture has"
        yield object_defect(part, objects, row, found, "each object once", "delete one of the two")
    for row, joint in lost_joints(objects).tolist():
        (x, y), (width, height) = _keypoint(objects, row, joint), objects.limits[row].tolist()
        found, expected = f"joint {joint + 1} at ({x:.5g}, {y:.5g})", f"joints inside the picture of {width}x{height}"
        yield object_defect(
            part, objects, row, found, expected, "mend the joint, or give it the visibility 0", "keypoints"
        )
    for row, overlap in strange_outlines(objects):
        found = f"an outline whose extent shares {overlap:.0%} with the box"
        yield object_defect(part, objects, row, found, "an outline that fills its box", "take the box from the outline")


def thin(objects: Objects) -> NDArray[np.int64]:
    """Objects whose box is one pixel, or less, wide or high."""
    return np.flatnonzero((objects.sides <= _THIN).any(1) & ~objects.crowd)


def repeated(objects: Objects) -> NDArray[np.int64]:
    """(repeats, 2) objects and the first of the same picture with the same box, to a hundredth pixel, and class."""
    if len(objects) < 2:
        return np.zeros((0, 2), np.int64)
    places = np.round(objects.boxes.astype(np.float64) * 100).astype(np.int64)
    keys: list[Any] = [*places.T, objects.labels, objects.crowd, objects.pictures]
    order = np.lexsort(keys)  # The last key sorts first; equal rows stay in order.
    equal = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    heads = np.concatenate([[True], ~equal])
    first = order[np.maximum.accumulate(np.where(heads, np.arange(len(order)), 0))]
    found = np.stack([order[~heads], first[~heads]], 1)
    return found[found[:, 0].argsort(kind="stable")]


def lost_joints(objects: Objects) -> NDArray[np.int64]:
    """(joints, 2) objects and their annotated joints that lie outside the picture."""
    if objects.keypoints is None or objects.visible is None:
        return np.zeros((0, 2), np.int64)
    limits = objects.limits[:, None]
    inside = ((objects.keypoints >= -_TOLERANCE) & (objects.keypoints <= limits + _TOLERANCE)).all(2)
    return np.argwhere((objects.visible > 0) & ~inside)


def _keypoint(objects: Objects, row: int, joint: int) -> tuple[float, float]:
    if objects.keypoints is None:
        return 0.0, 0.0
    x, y = objects.keypoints[row, joint].tolist()
    return x, y


def strange_outlines(objects: Objects) -> list[tuple[int, float]]:
    """Objects whose box and polygons lie elsewhere, with the overlap of the two (intersection over union)."""
    shapes = objects.shapes
    if shapes is None or not len(shapes.polygons):
        return []
    rows = np.flatnonzero(np.diff(shapes.parts) > 0)
    points = shapes.polygons.values.reshape(-1, 2)
    # An object's polygons follow each other, so that its points do.
    starts = (shapes.polygons.starts[shapes.parts[rows]] // 2).astype(np.int64)
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    boxes = objects.given()[rows].astype(np.float64)
    inner = (np.minimum(high, boxes[:, 2:]) - np.maximum(low, boxes[:, :2])).clip(0).prod(1)
    union = (high - low).prod(1) + (boxes[:, 2:] - boxes[:, :2]).prod(1) - inner
    overlap = inner / np.maximum(union, 1e-9)
    # A thin object's extent may be of no area, and a pixel of rounding much of a small one.
    large = (boxes[:, 2:] - boxes[:, :2]).min(1) > 4 * _TOLERANCE
    # Outlines without any area are told by themselves.
    odd = (overlap < _LEAST_OVERLAP) & large & ~objects.crowd[rows] & ((high - low).min(1) > 0)
    return list(zip(rows[odd].tolist(), overlap[odd].tolist(), strict=True))


def whole_pictures(objects: Objects) -> float:
    """The share of boxes that cover their whole picture."""
    if not len(objects):
        return 0.0
    covered = objects.sides.prod(1) / np.maximum(objects.limits.prod(1), 1)
    return float((covered >= _WHOLE).mean())
