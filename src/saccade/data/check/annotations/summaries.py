"""One row for what is wrong with most boxes of a split in the same way."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.data.check.annotations.coordinate_forms import FEWEST, LEAST_SHARE, Written, refused_pixels, written
from saccade.data.check.annotations.places import object_defect
from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part
from saccade.data.formats.common.origin import Origin

MOST_SINGLE = 100  # rows of single boxes beside one that sums them up


def in_fractions(objects: Objects) -> bool:
    """Whether all boxes lie in the first pixel of pictures that have many."""
    if len(objects) < FEWEST or objects.origin is None or objects.origin.form == "yolo":
        return False
    return bool((objects.given() <= 1.01).all() and objects.limits.min() > 8)


def summaries(part: Part, objects: Objects, errors: Sequence[DataError]) -> Iterator[Defect]:
    """The rows that sum up, then up to a hundred boxes that leave their pictures.

    Args:
        part: The split.
        objects: What its reader took.
        errors: What its reader refused.
    """
    count = len(objects) + refused_pixels(errors)
    if refused_pixels(errors) >= max(FEWEST, LEAST_SHARE * count):
        found = f"{refused_pixels(errors) / count:.0%} of lines with numbers above 1: looks like pixels"
        cure = "divide by the picture's width and height"
        yield _of_all(objects.origin, found, "fractions of the picture from 0 to 1", cure)
    if in_fractions(objects):
        found = f"100% of {len(objects)} boxes in the first pixel: looks like fractions of the picture, 0 to 1"
        yield _of_all(objects.origin, found, "boxes in pixels", "multiply by the picture's width and height")
        return
    boxes = written(objects, errors)
    if boxes is not None and len(boxes.numbers):
        yield from _leaving(part, objects, boxes)


def _leaving(part: Part, objects: Objects, boxes: Written) -> Iterator[Defect]:
    leaves = ~boxes.fits(boxes.form)
    form = boxes.likeliest() if _are_many(leaves) else None
    # Boxes without area do not leave the picture, unless another form makes boxes of them.
    leaves = leaves if form is not None else leaves & ~boxes.degenerate()
    if not _are_many(leaves):
        return
    found = f"{leaves.mean():.0%} of {len(leaves)} boxes leave the picture"
    cure = "draw some (`saccade data draw`) and compare"
    if form is not None:
        found += f": looks like {form}{_short(form)}"
        cure = f"write {boxes.form}, as the format asks" if form[0] != "y" else "change x and y"
    yield _of_all(objects.origin, found, f"boxes {boxes.form} inside their pictures", cure)
    # Those behind were refused by the reader, and have rows already.
    for row in np.flatnonzero(leaves[: len(objects)])[:MOST_SINGLE].tolist():
        said = ", ".join(f"{number:.6g}" for number in boxes.numbers[row])
        width, height = objects.limits[row].tolist()
        expected = f"a box inside the picture of {width}x{height}"
        yield object_defect(part, objects, row, f"[{said}], read as {boxes.form}", expected, cure)


def _are_many(leaves: NDArray[np.bool_]) -> bool:
    return bool(leaves.sum() >= max(FEWEST, LEAST_SHARE * len(leaves)))


def _short(form: str) -> str:
    return {"x1, y1, x2, y2": " (xyxy)", "x, y, width, height": " (xywh)"}.get(form, "")


def _of_all(origin: Origin | None, found: str, expected: str, cure: str) -> Defect:
    """A row about all boxes: of their one file, or of the folder of their files."""
    if origin is None or not len(origin.files):
        return Defect(None, None, None, found, expected, cure)
    file = origin.file(0)
    path = Path(file) if len(origin.files) == 1 or origin.form in ("coco", "csv") else Path(file).parent
    return Defect(str(path), "/annotations" if origin.form == "coco" else None, None, found, expected, cure)
