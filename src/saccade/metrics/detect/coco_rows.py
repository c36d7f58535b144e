"""Predictions and objects of all pictures in COCO's own form, whose evaluation asks for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from saccade.core.annotation import ANY_CLASS
from saccade.metrics.detect.outlines import sizes_of
from saccade.metrics.detect.overlaps import Floats, Overlaps


def as_truth(of: Overlaps, pictures: int, classes: Sequence[str]) -> dict[str, Any]:
    """The objects, with pictures and classes; a region to ignore is a crowd of each class.

    Args:
        of: Predictions and objects.
        pictures: How many pictures there are, those without an object too.
        classes: C names.
    """
    rows = of.rows
    often = np.where(rows.classes == ANY_CLASS, len(classes), 1)
    labels = np.repeat(rows.classes, often)
    labels[labels == ANY_CLASS] = np.tile(np.arange(len(classes)), int((rows.classes == ANY_CLASS).sum()))
    others = (of.shown_in, _xywh(rows.wanted), rows.area, rows.crowd.astype(int), rows.wanted_outlines)
    columns = (labels, *(np.repeat(column, often, axis=0) for column in others))
    # The sides are not read by COCO's evaluation of boxes, but must be there.
    sizes = sizes_of((rows.outlines, rows.wanted_outlines), (of.picture, of.shown_in), pictures)
    return {
        "images": [{"id": place, "width": wide, "height": high} for place, (high, wide) in enumerate(sizes)],
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes)],
        "annotations": [
            {
                **{"id": number, "image_id": place, "category_id": label},
                **{"bbox": box, "area": area, "iscrowd": crowd, **_segmentation(outline)},
            }
            for number, (label, place, box, area, crowd, outline) in enumerate(
                zip(*map(_plain, columns), strict=True), 1
            )
        ],
    }


def as_results(of: Overlaps) -> list[dict[str, Any]]:
    """The predictions of classes that were sought in their picture.

    One that has a mask brings no box: COCO's code would take its area from there.
    """
    rows, judged = of.rows, of.rows.judged
    columns = (of.picture, rows.labels, _xywh(rows.boxes), rows.scores, rows.outlines)
    return [
        {"image_id": place, "category_id": label, "score": score, **(_segmentation(outline) or {"bbox": box})}
        for place, label, box, score, outline in zip(*(_plain(column[judged]) for column in columns), strict=True)
    ]


def _segmentation(outline: Any) -> dict[str, Any]:
    """A mask in COCO's form; nothing where there is none."""
    return {} if outline is None else {"segmentation": outline}


def _xywh(boxes: Floats) -> Floats:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)


def _plain(column: Any) -> list[Any]:
    return column.tolist()
