"""Guesses and objects of all pictures in COCO's own form, whose evaluation asks for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from saccade.metrics.overlaps import Floats, Overlaps


def as_truth(of: Overlaps, pictures: int, classes: Sequence[str]) -> dict[str, Any]:
    """The objects, with pictures and classes.

    Args:
        of: Guesses and objects.
        pictures: How many pictures there are, those without an object too.
        classes: C names.
    """
    rows = of.rows
    columns = (of.shown_in, rows.classes, _xywh(rows.wanted), rows.area, rows.crowd.astype(int))
    return {
        # The sides are not read by COCO's evaluation of boxes, but must be there.
        "images": [{"id": place, "width": 1, "height": 1} for place in range(pictures)],
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes)],
        "annotations": [
            {"id": number, "image_id": place, "category_id": label, "bbox": box, "area": area, "iscrowd": crowd}
            for number, (place, label, box, area, crowd) in enumerate(zip(*map(_plain, columns), strict=True), 1)
        ],
    }


def as_results(of: Overlaps) -> list[dict[str, Any]]:
    """The guesses."""
    columns = (of.picture, of.rows.labels, _xywh(of.rows.boxes), of.rows.scores)
    return [
        {"image_id": place, "category_id": label, "bbox": box, "score": score}
        for place, label, box, score in zip(*map(_plain, columns), strict=True)
    ]


def _xywh(boxes: Floats) -> Floats:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)


def _plain(column: Any) -> list[Any]:
    return column.tolist()
