"""Objects as readers find them, one by one, and the arrays that hold them all."""

import gc
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saccade.data.formats.common.origin import Box, Form, Origin
from saccade.data.formats.common.store import RaggedArray, Shapes, Store, starts_of


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a picture, checked and in our frame.

    Attributes:
        box: x1, y1, x2, y2, clipped to the picture.
        label: 0..C-1.
        area: Pixels.
        crowd: Whether it is a crowd.
        keypoints: x, y for each joint, or empty.
        visible: 0, 1 or 2 for each joint, or empty.
        code: Compressed run lengths, or empty.
        polygons: x1, y1, x2, y2 … each.
        place: Where it is written: see `Origin`.
        given: The box before it was clipped; None where nothing was cut off.
    """

    box: Box
    label: int
    area: float
    crowd: bool = False
    keypoints: Sequence[float] = ()
    visible: Sequence[int] = ()
    code: bytes = b""
    polygons: Sequence[NDArray[np.float64]] = ()
    place: int = 0
    given: Box | None = None


def build_store(
    sizes: Sequence[tuple[int, int]], pictures: Sequence[Sequence[Row]], marks: int = 0, classes: int = 0
) -> Store:
    """The objects of N pictures in arrays.

    Args:
        sizes: N times (H, W).
        pictures: N times the picture's objects.
        marks: How many joints each object has; 0 where none are annotated.
        classes: C, for the classes of whole pictures; 0 where they are not told.
    """
    rows = [row for picture in pictures for row in picture]
    outlined = any(row.code or row.polygons for row in rows)
    shapes = Shapes(
        RaggedArray.of_bytes([row.code for row in rows]),
        RaggedArray.of([polygon for row in rows for polygon in row.polygons], np.float64),
        starts_of(len(row.polygons) for row in rows),
    )
    points = np.array([row.keypoints for row in rows], np.float32).reshape(-1, marks, 2) if marks else None
    return Store(
        sizes=np.array(sizes, np.int32).reshape(-1, 2),
        starts=starts_of(len(picture) for picture in pictures),
        boxes=np.array([row.box for row in rows], np.float32).reshape(-1, 4),
        labels=np.array([row.label for row in rows], np.int32),
        area=np.array([row.area for row in rows], np.float32),
        crowd=np.array([row.crowd for row in rows], np.bool_),
        keypoints=points,
        visible=np.array([row.visible for row in rows], np.uint8).reshape(-1, marks) if marks else None,
        shapes=shapes if outlined else None,
        classes=classes,
    )


def build_origin(form: Form, files: Sequence[Path], pictures: Sequence[Sequence[Row]]) -> Origin:
    """Where the objects of N pictures are written; `files` are those of each picture, or one for all."""
    rows = [row for picture in pictures for row in picture]
    return Origin.of(form, files, [row.place for row in rows], [row.given for row in rows])


@contextmanager
def garbage_collection_paused() -> Generator[None]:
    """No garbage is collected inside: going through millions of small objects that all live took half of the time."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()
