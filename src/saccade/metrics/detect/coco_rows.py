"""Predictions and objects of all pictures in COCO's own form, whose evaluation asks for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from saccade.core.annotation import ANY_CLASS
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
    others = (of.shown_in, _xywh(rows.wanted), rows.area, rows.crowd.astype(int))
    columns = (labels, *(np.repeat(column, often, axis=0) for column in others))
    return {
        # The sides are not read by COCO's evaluation of boxes, but must be there.
        "images": [{"id": place, "width": 1, "height": 1} for place in range(pictures)],
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes)],
        "annotations": [
            {"id": number, "image_id": place, "category_id": label, "bbox": box, "area": area, "iscrowd": crowd}
            for number, (label, place, box, area, crowd) in enumerate(zip(*map(_plain, columns), strict=True), 1)
        ],
    }


def as_results(of: Overlaps) -> list[dict[str, Any]]:
    """The predictions of classes that were sought in their picture."""
    rows, judged = of.rows, of.rows.judged
    columns = (of.picture[judged], rows.labels[judged], _xywh(rows.boxes[judged]), rows.scores[judged])
    return [
        {"image_id": place, "category_id": label, "bbox": box, "score": score}
        for place, label, box, score in zip(*map(_plain, columns), strict=True)
    ]


def _xywh(boxes: Floats) -> Floats:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)


def _plain(column: Any) -> list[Any]:
    return column.tolist()
