"""Data in COCO's format: a JSON file a split, which holds all but difficult, maps and poses."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core.annotation import ANY_CLASS
from saccade.core.dataset import Joints
from saccade.core.errors import DataError
from saccade.core.joint_names import joints
from saccade.data.formats.common.store import Outline
from saccade.data.formats.writing.objects import Array, Objects
from saccade.data.formats.writing.pictures import Picture
from saccade.data.formats.writing.writer import NOTHING, Form, Loss, Source, class_losses, map_losses


class CocoForm(Form):
    """``annotations/instances_SPLIT.json`` beside ``SPLIT/``.

    Boxes, areas, crowds, joints and polygons come back as they were; other outlines are written as compressed run
    lengths, pixel by pixel. A region to ignore whatever is in it becomes a crowd of every class, which says the same.
    Categories are numbered from 1. Those have joints that some object with joints is of; where no object has any, all.
    """

    name = "coco"

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        super().__init__(source, allowed, link)
        self._jointed: set[int] = set()

    def whole(self) -> Iterator[Loss]:
        """Pairs of joints that do not follow from their names."""
        given = self.source.joints
        if given is not None and self.source.annotates("instances.keypoints"):
            read = joints(given.names, given.bones)
            pairs = {frozenset(pair) for pair in given.pairs}
            yield "joints", int(pairs != {frozenset(pair) for pair in read.pairs})

    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture. All are asked for before the first is written, which tells of joints."""
        yield from map_losses(picture)
        rows = picture.objects
        self._jointed |= set() if rows is None else set(rows.labels[rows.jointed].tolist()) - {ANY_CLASS}
        yield "unannotated", int(rows is None)
        if rows is None:
            yield from class_losses(picture, NOTHING, NOTHING)
            return
        yield "difficult", int(rows.difficult.sum())
        yield from class_losses(picture, rows.labels, rows.areas, rows.crowd)

    def write(self, root: Path, split: str, pictures: Iterable[Picture]) -> int:
        """Writes one split; annotations go to the file one by one, whatever their number."""
        document = root / "annotations" / f"instances_{split}.json"
        document.parent.mkdir(exist_ok=True)
        (root / split).mkdir()
        entries: list[str] = []
        count = 0
        with document.open("w", encoding="utf-8") as file:
            file.write(f'{{"categories": {_text(self._categories())},\n"annotations": [')
            for number, picture in enumerate(pictures, 1):
                picture.save(root / split / picture.name, self.link)
                height, width = picture.size
                entries.append(_text({"id": number, "file_name": picture.name, "width": width, "height": height}))
                for annotation in self._annotations(picture):
                    count += 1
                    entry = {"id": count, "image_id": number} | annotation
                    file.write(("," if count > 1 else "") + "\n" + _text(entry))
            file.write('],\n"images": [\n' + ",\n".join(entries) + "]}\n")
        return len(entries)

    def _categories(self) -> list[dict[str, Any]]:
        if len(set(self.source.classes)) < len(self.source.classes) or "" in self.source.classes:
            raise DataError("names of classes, each once, for COCO", self.source.classes)
        marks = self._marks
        named: dict[str, Any] = {}
        if marks is not None:
            named["keypoints"] = list(marks.names)
            named["skeleton"] = [[start + 1, end + 1] for start, end in marks.bones]
            if marks.sigmas != joints(marks.names).sigmas:
                named["sigmas"] = list(marks.sigmas)
        return [
            {"id": label + 1, "name": name} | (named if self._has_joints(label) else {})
            for label, name in enumerate(self.source.classes)
        ]

    def _has_joints(self, label: int) -> bool:
        """Whether objects of a class have joints, as far as the objects tell."""
        return label in self._jointed or not self._jointed

    @property
    def _marks(self) -> Joints | None:
        """The joints that objects are written with."""
        return self.source.joints if self.source.annotates("instances.keypoints") else None

    def _annotations(self, picture: Picture) -> Iterator[dict[str, Any]]:
        rows = picture.objects
        if rows is not None:
            for row, (label, ignored) in enumerate(zip(rows.labels.tolist(), rows.ignored.tolist(), strict=True)):
                for one in range(len(self.source.classes)) if ignored else [label]:
                    yield _annotation(rows, row, one, picture.size) | self._keypoints(rows, row, one)

    def _keypoints(self, rows: Objects, row: int, label: int) -> dict[str, Any]:
        """An object's joints; zeros where it has none and its class does."""
        if rows.keypoints is not None and rows.visible is not None and rows.jointed[row]:
            return _keypoints(rows.keypoints[row], rows.visible[row])
        if self._marks is None:
            return {}
        zeros = {"keypoints": [0] * 3 * len(self._marks.names)} if self._has_joints(label) else {}
        return zeros | {"num_keypoints": 0}  # Whoever evaluates joints looks for it in every object.


def _annotation(rows: Objects, row: int, label: int, size: tuple[int, int]) -> dict[str, Any]:
    outline = rows.outlines[row]
    entry: dict[str, Any] = {
        "category_id": label + 1,
        "bbox": _box(rows.boxes[row]),
        "area": _short(rows.areas[row]),
        "iscrowd": int(rows.crowd[row]),
    }
    if outline is not None:
        entry["segmentation"] = _segmentation(outline, size)
    return entry


def _box(box: Array) -> list[float]:
    """x, y, width, height, which give the box again to the last bit."""
    x1, y1, x2, y2 = (_short(value) for value in box)
    return [x1, y1, _side(x1, x2, box[2]), _side(y1, y2, box[3])]


def _side(start: float, end: float, wanted: Any) -> float:
    neat = round(end - start, 6)
    return _whole(neat if np.float32(start + neat) == wanted else end - start)


def _short(value: Any) -> float:
    """The shortest decimal number that is a float32."""
    return _whole(float(str(np.float32(value))))


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


def _segmentation(outline: Outline, size: tuple[int, int]) -> Any:
    if outline.polygons:
        return [[_whole(value) for value in polygon.tolist()] for polygon in outline.polygons]
    return {"size": list(size), "counts": outline.code.decode("ascii")}


def _keypoints(points: Array, visible: Array) -> dict[str, Any]:
    """COCO's joints name whole pixels, whose centres are at +.5."""
    values = [
        value
        for (x, y), state in zip(points.astype(np.float64).tolist(), visible.tolist(), strict=True)
        for value in ((_whole(x - 0.5), _whole(y - 0.5), state) if state else (0, 0, 0))
    ]
    return {"keypoints": values, "num_keypoints": int((visible > 0).sum())}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
