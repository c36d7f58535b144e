"""Masks of one picture painted over each other into one map.

Legend: n objects, (H, W) picture.
"""

from collections.abc import Sequence

import numpy as np

from saccade.core.masks import Masks
from saccade.data.formats.writing.objects import Array, Objects
from saccade.ops import rle


def paint(rows: Objects, size: tuple[int, int], numbers: Sequence[int] | None = None) -> tuple[Array, int]:
    """A map of the objects that have outlines; smaller ones lie on larger ones.

    Args:
        rows: The objects.
        size: (H, W).
        numbers: What marks each object's pixels; by default 1 .. n.

    Returns:
        (H, W) int64, 0 where nothing is; and how many objects lost pixels to one of another number.
    """
    marks = list(range(1, len(rows) + 1)) if numbers is None else list(numbers)
    codes = [(row, outline.compressed(size)) for row, outline in enumerate(rows.outlines) if outline is not None]
    return paint_masks(rle.decode([code for _, code in codes], size), [marks[row] for row, _ in codes])


def paint_masks(masks: Masks, marks: Sequence[int]) -> tuple[Array, int]:
    """A map of masks; smaller ones lie on larger ones.

    Args:
        masks: n masks.
        marks: What marks each one's pixels.

    Returns:
        (H, W) int64, 0 where no mask is; and how many masks lost pixels to one of another number.
    """
    canvas = np.zeros(masks.size, np.int64)
    order = masks.areas().argsort(descending=True, stable=True).tolist() if len(masks) else []
    parts = list(zip(masks.crops(), masks.windows.tolist(), marks, strict=True))
    for place in order:
        crop, (x1, y1, x2, y2), number = parts[place]
        canvas[y1:y2, x1:x2][crop.numpy()] = number
    hidden = sum(bool((canvas[y1:y2, x1:x2][crop.numpy()] != number).any()) for crop, (x1, y1, x2, y2), number in parts)
    return canvas, hidden
