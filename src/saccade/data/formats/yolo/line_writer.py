"""One line of YOLO's labels, and what it cannot say of its object.

Legend: (H, W) picture; numbers are fractions of its width and height.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.data.formats.common.store import Outline
from saccade.data.formats.writing.objects import Array, Objects
from saccade.data.formats.writing.outline import loops, signed_area
from saccade.data.formats.yolo.label_lines import SLACK
from saccade.ops import rle

_DIGITS = 12  # behind the point: a millionth of a pixel of the widest picture
# Pixels. COCO's rule for polygons jumps at fifths of a pixel, where annotators' points often lie, and a fraction that
# is the least bit too small falls back.
_SHIFTS = (1e-8, 0.0, -1e-8)
_BOX = 0.01  # pixels by which a box may differ from the bounds of its outline


@dataclass(frozen=True)
class Line:
    """A line, and what readers will make of it.

    Attributes:
        text: What is written.
        area: The object's area as it will be read, pixels.
        lost: Kinds of loss.
    """

    text: str
    area: float
    lost: tuple[str, ...] = ()


def box_line(rows: Objects, row: int, size: tuple[int, int], jointed: bool = False, lost: tuple[str, ...] = ()) -> Line:
    """The line of a box, with its joints where the set has some; those outside the picture are lost (``outside``)."""
    x1, y1, x2, y2 = rows.boxes[row].astype(np.float64).tolist()
    height, width = size
    values = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height]
    columns = [_fraction(value) for value in values]
    if jointed and rows.keypoints is not None and rows.visible is not None:
        points = (rows.keypoints[row].astype(np.float64) / (width, height)).tolist()
        for (x, y), state in zip(points, rows.visible[row].tolist(), strict=True):
            inside = min(x, y) >= 0 and max(x, y) <= 1 + SLACK
            columns += [_fraction(x), _fraction(y), str(state)] if state and inside else ["0", "0", "0"]
            lost += () if inside or not state else ("outside",)
    return Line(" ".join([str(int(rows.labels[row])), *columns]), (x2 - x1) * (y2 - y1), lost)


def outline_line(rows: Objects, row: int, size: tuple[int, int], outline: Outline) -> Line | None:
    """The line of an outline: the object's own polygon where it has one, or else along the edges of its pixels.

    Returns:
        None where the mask is empty.
    """
    found = _columns(outline, outline.compressed(size), size)
    if found is None:
        return None
    columns, lost = found
    points = _read(columns, size)
    bounds = np.concatenate([points.min(0), points.max(0)])
    if (np.abs(bounds - rows.boxes[row]) > _BOX).any():
        lost = (*lost, "boxes")
    return Line(" ".join([str(int(rows.labels[row])), *columns]), abs(signed_area(points)), lost)


def _columns(outline: Outline, code: bytes, size: tuple[int, int]) -> tuple[list[str], tuple[str, ...]] | None:
    """The points of one polygon for a mask, and what they leave out of it."""
    own = np.clip(outline.polygons[0].reshape(-1, 2), 0, (size[1], size[0])) if len(outline.polygons) == 1 else None
    if own is not None and _spans(own):
        for shift in _SHIFTS:
            columns = _written(own + shift, size)
            if _same(_read(columns, size), code, size):
                return columns, ()
    masks = rle.decode([code], size)
    x, y = masks.windows[0, :2].tolist()
    parts, holes = loops(masks.crop(0).numpy(), (x, y))
    lost = ("holes",) * bool(holes) + ("parts",) * (len(parts) > 1)
    if lost and own is not None and _spans(own):
        return _written(own, size), ("outlines",)
    return (_written(parts[0], size), lost) if parts else None


def _written(points: Array, size: tuple[int, int]) -> list[str]:
    return [_fraction(value) for value in (points / (size[1], size[0])).ravel().tolist()]


def _read(columns: Sequence[str], size: tuple[int, int]) -> NDArray[np.float64]:
    """(N, 2) points as readers find them."""
    return np.clip(np.array(columns, np.float64), 0, 1).reshape(-1, 2) * (size[1], size[0])


def _spans(points: Array) -> bool:
    """Whether a polygon has a width, a height and an area, as readers ask."""
    return bool((np.ptp(points, axis=0) > 0).all()) and signed_area(points) != 0


def _same(points: Array, code: bytes, size: tuple[int, int]) -> bool:
    """Whether a polygon gives the pixels of a code."""
    return np.array_equal(rle.expand(rle.rasterise([points.reshape(-1)], size)), rle.expand(code))


def _fraction(value: float) -> str:
    return f"{max(value, 0):.{_DIGITS}f}".rstrip("0").rstrip(".") or "0"
