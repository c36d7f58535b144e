"""Formats that the package datumaro reads and this one does not, such as Open Images, LabelMe, CVAT and KITTI.

Legend: N pictures, C classes, K joints.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.core.dataset import Joints
from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, strict, telling
from saccade.data.formats.common.index_map import IGNORE
from saccade.data.formats.common.object_rows import build_store, garbage_collection_paused
from saccade.data.formats.common.store import RaggedArray, Store
from saccade.data.formats.datumaro.dataset import DatumaroContent, DatumaroDataset, covers
from saccade.data.formats.datumaro.objects import WHOLE, Item, Object, check_label, is_read, kind_of, read_objects
from saccade.data.formats.datumaro.package import classes_of, joints_of, load, subsets
from saccade.safe_io.images.pictures import picture_size
from saccade.safe_io.paths import inside, name_in

# Formats whose files are maps of classes; what no mask covers has no class there. Names that go on count too.
_MAPS = ("camvid", "cityscapes", "common_semantic_segmentation", "kitti_segmentation", "mapillary_vistas", "synthia")

_log = logging.getLogger("saccade")


def splits(path: Path, form: str | None = None) -> list[str]:
    """The subsets of a data set, by our names of splits.

    Args:
        path: The data's folder or file.
        form: Datumaro's name of the format; None for the one that it recognises.

    Raises:
        UsageError: Datumaro is not installed, or the format is unknown or refused.
        DataError: Datumaro cannot read the data.
    """
    return list(subsets(load(path, form), path))


def open_datumaro(path: Path, split: str, report: Report = strict, form: str | None = None) -> DatumaroDataset:
    """One split, by a name of `splits`, of a data set that datumaro reads.

    Classes are in datumaro's order. Boxes, outlines, masks and joints of one group are one object. Masks of formats
    that map each pixel, or that give every pixel of all pictures one class, are classes of pixels too. Coordinates are
    those that datumaro gives.
    Datumaro itself reads the annotations, so its own errors end the reading; what it has read is checked here.

    Args:
        path: The data's folder or file.
        split: Which part.
        report: Told of every defect; by default the first one is raised.
        form: Datumaro's name of the format; None for the one that it recognises.

    Raises:
        UsageError: Datumaro is not installed, or the format is unknown or refused.
        DataError: The data are at fault.
    """
    found = load(path, form)
    root = path if path.is_dir() else path.parent
    with garbage_collection_paused():
        classes, marks = classes_of(found, path), joints_of(found)
        count = 0 if marks is None else len(marks.names)
        read = _Reading(root, len(classes), count, report)
        for entry in subsets(found, path)[split]:
            with telling(report):
                read.add(entry)
        return read.conclude(classes, marks, str(found.format).startswith(_MAPS))


class _Reading:
    """What has been read so far."""

    def __init__(self, root: Path, classes: int, joints: int, report: Report) -> None:
        self.root, self.classes, self.joints, self.report = root, classes, joints, report
        self.items: list[Item] = []
        self.names: dict[str, str] = {}
        self.objects: list[list[Object]] = []
        self.whole: list[dict[int, int]] = []
        self.passed_over: Counter[str] = Counter()

    def add(self, entry: Any) -> None:
        """One of datumaro's items."""
        name, path = self._file(entry)
        if name in self.names:
            raise DataError(f"a picture of its own for item {entry.id!r}", f"{name!r} again", path=path)
        item = Item(str(entry.id), str(path), picture_size(path), self.classes, self.joints)
        declared = entry.media.size if entry.media.has_size else item.size
        if tuple(declared) != item.size:
            found = f"{item.size[1]}x{item.size[0]}"
            raise DataError(f"a picture of {declared[1]}x{declared[0]}, as annotated", found, path=path)
        self.passed_over.update(kind_of(part) for part in entry.annotations if not is_read(part, self.joints))
        self.names[name] = item.name
        self.items.append(item)
        self.objects.append(read_objects(entry.annotations, item, self.report))
        self.whole.append(self._labels(entry, item))

    def conclude(self, classes: tuple[str, ...], marks: Joints | None, maps: bool) -> DatumaroDataset:
        """All of it in arrays; `maps` tells that masks are classes of pixels."""
        if not self.items:
            raise DataError("pictures", "none", path=self.root)
        if self.passed_over:
            told = ", ".join(f"{count} of kind {kind}" for kind, count in self.passed_over.most_common())
            _log.warning("%s: annotations without a place here are left out: %s", self.root, told)
        store, has_objects = self._store(), any(self.objects)
        pixels = store.shapes is not None and len(classes) <= IGNORE and (maps or _by_pixels(store))
        whole = _marks(self.whole, len(classes)) if any(self.whole) else None
        told = DatumaroContent(store, has_objects, whole, pixels)
        return DatumaroDataset(
            self.root, RaggedArray.of_text(list(self.names)), told, classes, marks if has_objects else None
        )

    def _file(self, entry: Any) -> tuple[str, Path]:
        """The name of an item's picture inside the data's folder, and its file."""
        media = entry.media
        path = getattr(media, "path", None)
        if not isinstance(media, import_module("datumaro.components.media").ImageFromFile) or not path:
            found = "none" if media is None else type(media).__name__
            raise DataError(f"a picture in a file for item {entry.id!r}", found, path=self.root)
        name = name_in(self.root.resolve(), Path(path).resolve().parent / Path(path).name)
        return name, inside(self.root, name)

    def _labels(self, entry: Any, item: Item) -> dict[int, int]:
        """State of each class that the item's labels name: Open Images gives some that are sure to be absent."""
        states: dict[int, int] = {}
        for part in entry.annotations:
            if kind_of(part) == WHOLE:
                with telling(self.report):
                    score = part.attributes.get("score", 1)
                    states[check_label(part, item)] = int(score) if score in (0, 1) else -1
        return states

    def _store(self) -> Store:
        rows = [[one.row for one in objects] for objects in self.objects]
        store = build_store([item.size for item in self.items], rows, self.joints, self.classes)
        difficult = np.array([one.difficult for objects in self.objects for one in objects], np.bool_)
        return replace(store, difficult=difficult if difficult.any() else None)


def _marks(whole: Sequence[dict[int, int]], classes: int) -> NDArray[np.int64]:
    """(N,) where no picture has several labels, or else (N, C).

    What a picture does not name is absent, but unknown where the data name absent classes too, or the picture none.
    """
    if all(len(states) <= 1 and set(states.values()) <= {1} for states in whole):
        return np.array([next(iter(states), -1) for states in whole], np.int64)
    verified = any(0 in states.values() for states in whole)
    marks = np.array([[-1 if verified or not states else 0] * classes for states in whole], np.int64)
    for row, states in enumerate(whole):
        marks[row, list(states)] = list(states.values())
    return marks


def _by_pixels(store: Store) -> bool:
    """Whether masks give each pixel one class, in all pictures that have masks."""
    found = False
    for index in range(len(store)):
        labels = store.labels[store.rows(index)].tolist()
        outlines = zip(store.outlines(index), labels, strict=True)
        masks = [(outline.code, label) for outline, label in outlines if outline is not None and outline.code]
        if masks and not covers(masks, store.size(index)):
            return False
        found |= bool(masks)
    return found
