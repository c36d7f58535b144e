"""What there is in a split: pictures, objects, classes, sizes.

Legend: N pictures, M objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from saccade.core.dataset import Dataset
from saccade.data.check.objects import Objects
from saccade.data.formats.common.store import Array

CELLS = 24
_CUT = 0.01  # Pixels; less is rounding.
# COCO's bounds of small, medium and large objects, as areas of their boxes.
_SMALL, _LARGE = 32.0**2, 96.0**2


@dataclass(frozen=True)
class Counts:
    """What a split has.

    Attributes:
        pictures: N.
        objects: M; None where the split has no boxes.
        empty: Pictures without an object.
        crowds: Objects that are crowds of a class.
        ignored: Regions to ignore whatever is in them.
        unmasked: Objects without a mask, where others have one.
        unsought: For each class, the pictures in which nobody looked for it; classes that were always sought are left
            out.
        cut: Boxes that reached over their picture's edge, and were cut off there.
        classes: For each class, the pictures that show it.
        instances: For each class its objects; empty where there are no boxes.
        pixels: For each class its pixels; empty where there are none, or nobody looked.
        sizes: For each size (H, W) the pictures of it, the most frequent first.
        areas: Small, medium and large objects, by COCO's bounds of 32² and 96² pixels.
        sides: (M, 2) float32 width and height of boxes as fractions of the picture's.
        ratios: (M,) float32 width by height of boxes.
        heat: (24, 24) how many boxes cover each part of the picture.
    """

    pictures: int
    objects: int | None = None
    empty: int = 0
    crowds: int = 0
    ignored: int = 0
    unmasked: int = 0
    unsought: Mapping[str, int] = field(default_factory=dict)
    cut: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    instances: Mapping[str, int] = field(default_factory=dict)
    pixels: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    areas: tuple[int, int, int] = (0, 0, 0)
    sides: Array | None = None
    ratios: Array | None = None
    heat: Array | None = None


def count(
    data: Dataset,
    objects: Objects | None,
    sizes: Sequence[tuple[int, int]],
    pixels: Sequence[Mapping[int, int]],
) -> Counts:
    """Count what a split has.

    Args:
        data: The split.
        objects: Its objects, or None.
        sizes: (H, W) of its pictures, as far as they are known.
        pixels: For each picture the pixels of each class, where masks were read.
    """
    tally = _tally(sizes)
    shown_pixels, summed = _of_pixels(data, pixels)
    if objects is None:
        shown = shown_pixels or _of_labels(data)
        return Counts(len(data), unsought=_unsought(data), classes=shown, pixels=summed, sizes=tally)
    single = ~objects.crowd
    labels, pictures = objects.labels[single], objects.pictures[single]
    names, number = list(data.classes), len(data.classes)
    pairs = np.unique(pictures * max(number, 1) + labels.clip(0, max(number - 1, 0)))
    shown = np.bincount(pairs % max(number, 1), minlength=number)
    rows = np.bincount(labels.clip(0), minlength=number)
    area = objects.sides[single].prod(1)
    wide, high = (objects.sides / np.maximum(objects.limits, 1)).T
    return Counts(
        pictures=len(data),
        objects=len(objects),
        empty=int((np.diff(objects.starts) == 0).sum()),
        crowds=int((objects.crowd & ~objects.ignored).sum()),
        ignored=int(objects.ignored.sum()),
        unmasked=_unmasked(objects),
        unsought=_unsought(data),
        cut=_cut(objects),
        classes=dict(zip(names, shown.tolist(), strict=False)),
        instances=dict(zip(names, rows.tolist(), strict=False)),
        pixels=summed,
        sizes=tally,
        areas=(
            int((area < _SMALL).sum()),
            int(((area >= _SMALL) & (area < _LARGE)).sum()),
            int((area >= _LARGE).sum()),
        ),
        sides=np.stack([wide, high], 1).astype(np.float32),
        ratios=(objects.sides[:, 0] / np.maximum(objects.sides[:, 1], 1e-6)).astype(np.float32),
        heat=_heat(objects),
    )


def _tally(values: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _of_labels(data: Dataset) -> dict[str, int]:
    """Pictures of each class, for classes of whole pictures."""
    if not {"label", "labels"} & data.fields:
        return {}
    found = [0] * len(data.classes)
    for index in range(len(data)):
        truth = data.truth(index)
        if truth.labels is not None:
            for label in (truth.labels == 1).nonzero().flatten().tolist():
                found[label] += 1
        elif truth.label is not None:
            found[int(truth.label)] += 1
    return dict(zip(data.classes, found, strict=True))


def _unmasked(objects: Objects) -> int:
    given = None if objects.shapes is None else objects.shapes.given
    return 0 if given is None or not given.any() else int((~given & ~objects.crowd).sum())


def _unsought(data: Dataset) -> dict[str, int]:
    """The pictures in which each class was not looked for."""
    found: dict[str, int] = {}
    # Of objects, or else of pixels.
    field = next((name for name in ("sought", "semantic_sought") if name in data.fields), "sought")
    names = data.classes if field == "sought" else data.vocabularies.names("semantic")
    for index in range(len(data) if field in data.fields else 0):
        marks = data.truth(index).get(field)
        for label in [] if marks is None else (~marks).nonzero().flatten().tolist():
            name = str(names[label] if label < len(names) else label)
            found[name] = found.get(name, 0) + 1
    return found


def _of_pixels(data: Dataset, pixels: Sequence[Mapping[int, int]]) -> tuple[dict[str, int], dict[str, int]]:
    """Pictures and pixels of each class, for classes of pixels; nothing where nobody looked."""
    if not any(pixels):
        return {}, {}
    names = list(enumerate(data.vocabularies.names("semantic")))
    shown = {name: sum(1 for one in pixels if one.get(label)) for label, name in names}
    return shown, {name: sum(one.get(label, 0) for one in pixels) for label, name in names}


def _cut(objects: Objects) -> int:
    if objects.origin is None or not len(objects.origin.cut):
        return 0
    inside = objects.boxes[objects.origin.cut]
    return int((np.abs(objects.origin.given - inside).max(1) > _CUT).sum())


def _heat(objects: Objects) -> Array:
    """How many boxes cover each cell, by sums over the differences at their corners."""
    edges = objects.boxes.reshape(-1, 2, 2) / np.maximum(objects.limits[:, None], 1) * CELLS
    x1, y1 = np.floor(edges[:, 0]).clip(0, CELLS - 1).astype(np.int64).T
    x2, y2 = np.ceil(edges[:, 1]).clip(1, CELLS).astype(np.int64).T
    changes = np.zeros((CELLS + 1, CELLS + 1), np.int64)
    for rows, columns, sign in ((y1, x1, 1), (y1, x2, -1), (y2, x1, -1), (y2, x2, 1)):
        np.add.at(changes, (rows, columns), sign)
    return changes.cumsum(0).cumsum(1)[:CELLS, :CELLS]
