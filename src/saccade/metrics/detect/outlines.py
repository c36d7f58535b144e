"""Masks of predictions and objects as run lengths, which overlap each other by COCO's own code.

Legend: g predictions and m objects of one picture, p pairs of a prediction and an object.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import Instances
from saccade.core.masks import Masks
from saccade.metrics.detect.assign import Ints
from saccade.ops.rle import encode

# What is held against what: boxes, or the masks of objects.
Shape = Literal["box", "mask"]
# One run length code (`ops.rle.Rle`) each, or None where boxes are compared.
Outlines = NDArray[np.object_]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Pairing(NamedTuple):
    """Pairs that overlap, as `overlaps.Picture` has them."""

    prediction: Ints
    object: Ints
    iou: Floats
    inside: Floats


def no_outlines(count: int) -> Outlines:
    """In place of so many masks where boxes are compared."""
    return np.full(count, None, np.object_)


def outlines_of(rows: Instances) -> tuple[Outlines, Floats]:
    """(n,) masks of rows, and their areas in pixels; a row without a mask has all of its box."""
    outlines = no_outlines(len(rows))
    masks = _with_boxes(rows)
    outlines[:] = encode(masks)
    return outlines, masks.areas().numpy().astype(np.float64)


def _with_boxes(rows: Instances) -> Masks:
    """The masks, and whole boxes where rows have none."""
    masks, lacking = rows.masks, (~rows.has_mask).tolist()
    if masks is None:
        return Masks.empty((1, 1), len(rows))
    if rows.boxes is None or not any(lacking):
        return masks
    limit = rows.boxes.new_tensor([masks.size[1], masks.size[0]] * 2)
    whole = rows.boxes.round().clamp(min=0).minimum(limit).long().tolist()
    crops, corners = masks.crops(), [(x, y) for x, y, _, _ in masks.windows.tolist()]
    for row, (x1, y1, x2, y2) in enumerate(whole):
        if lacking[row]:
            crops[row], corners[row] = torch.ones(max(y2 - y1, 0), max(x2 - x1, 0), dtype=torch.bool), (x1, y1)
    return Masks.from_crops(crops, corners, masks.size)


def overlapping(found: Outlines, wanted: Outlines, crowd: Flags, least: float) -> Pairing:
    """Pairs of masks that overlap by `least` or more: of the union, or in a crowd of the prediction's own pixels.

    Args:
        found: (g,) masks of predictions.
        wanted: (m,) masks of objects.
        crowd: (m,) which objects are crowds.
        least: Overlap of the pairs that are kept.
    """
    iou, inside = (overlap_matrix(found, wanted, alone=alone) for alone in (False, True))
    prediction, target = np.nonzero(np.where(crowd, inside, iou) >= least)
    return Pairing(prediction, target, iou[prediction, target], inside[prediction, target])


def overlap_matrix(found: Outlines, wanted: Outlines, *, alone: bool = False) -> Floats:
    """(g, m) intersections over unions, or over each prediction's own pixels alone."""
    if not len(found) or not len(wanted):
        return np.zeros((len(found), len(wanted)))
    from faster_coco_eval.core import mask as coco  # no picture without masks waits for it

    plain: Any = coco.iou(_plain(found), _plain(wanted), [int(alone)] * len(wanted))
    return np.asarray(plain, dtype=np.float64).reshape(len(found), len(wanted))


def _plain(outlines: Outlines) -> list[Any]:
    return outlines.tolist()


def sizes_of(outlines: Sequence[Outlines], pictures: Sequence[Ints], count: int) -> list[tuple[int, int]]:
    """(H, W) of each of `count` pictures by its masks, whose pictures' numbers are given; (1, 1) without one."""
    sizes = [(1, 1)] * count
    for some, numbers in zip(outlines, pictures, strict=True):
        for outline, number in zip(some.tolist(), numbers.tolist(), strict=True):
            if outline is not None:
                sizes[number] = (outline["size"][0], outline["size"][1])
    return sizes
