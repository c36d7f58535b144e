"""A file that says where persons are: the ``predictions.json`` of a detector, or COCO's JSON.

Legend: n persons.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import torch

from saccade.core.annotation import Instances
from saccade.core.errors import DataError
from saccade.core.geometry.resample import Size
from saccade.data.formats.common.json_node import JsonNode, shown
from saccade.runtime.predict.persons.person_class import class_of_persons
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.files import read_bytes
from saccade.safe_io.limits import MAX_JSON_BYTES

FORMS = "the predictions.json of a detector, or COCO's JSON with images, categories and annotations"


class Found(NamedTuple):
    """One box: x1, y1, x2, y2 in the picture's pixels, the name of its class (None where it has none), its score.

    And where it is written.
    """

    box: list[float]
    kind: str | None
    score: float
    node: JsonNode

    def check(self, size: Size) -> None:
        """Whether it holds a part of a picture of `size` (H, W): a person is looked at in the square around it.

        Raises:
            DataError: It has no area, or lies outside.
        """
        x1, y1, x2, y2 = self.box
        cure = "mend it, or take it out"
        if x2 <= x1 or y2 <= y1:
            raise self.node.wrong("a box of some area", f"{shown(self.node.value)} of no width or height", cure)
        height, width = size
        if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
            raise self.node.wrong(f"a box inside the picture of {width}x{height}", shown(self.node.value), cure)


@dataclass
class Picture:
    """A picture of the file, by its name there, with its size (H, W) where that is told, and its boxes."""

    name: str
    size: Size | None
    found: list[Found] = field(default_factory=list[Found])


class BoxesFile:
    """Boxes of persons by picture.

    Args:
        path: The file.
        person: The class that persons have; None for ``person``, or the only class.

    Attributes:
        person: That class; ``person`` where boxes have none.
        name: The file's name.

    Raises:
        DataError: The file cannot be read or is of another form.
        ConfigError: It has several classes, and none is that of persons.
    """

    def __init__(self, path: Path, person: str | None = None) -> None:
        self.path, self.name = path, path.name
        document = JsonNode(load_json(path), path)
        pictures, kinds = _read(document)
        self.person = class_of_persons(kinds, person, str(path)) if kinds else person or "person"
        self._by_base: dict[str, list[Picture]] = {}
        for picture in pictures:
            self._by_base.setdefault(PurePosixPath(picture.name).name, []).append(picture)

    def digest(self) -> str:
        """A hash of the file."""
        return hashlib.sha256(read_bytes(self.path, MAX_JSON_BYTES)).hexdigest()

    def of(self, name: str | None, size: Size, threshold: float = 0.0) -> Instances:
        """The persons of a picture: boxes, labels 0, and scores, the best first.

        Args:
            name: What the picture is called: its path, of which the file may have the end alone.
            size: (H, W) of the picture.
            threshold: The score from which on boxes are used; these must hold a part of the picture.

        Raises:
            DataError: The file does not have the picture, has several of that name, or one of another size; or a box
                that is used has no area, or lies outside the picture.
        """
        picture = self._picture(name)
        if picture.size is not None and picture.size != size:
            told, found = (f"{width}x{height}" for height, width in (picture.size, size))
            raise DataError(f"boxes of a picture of {found}", f"those of one of {told}", path=self.path, within=name)
        persons = [one for one in picture.found if one.kind in (None, self.person)]
        for one in persons:
            if one.score >= threshold:
                one.check(size)
        return Instances(
            boxes=torch.tensor([one.box for one in persons]).view(-1, 4),
            labels=torch.zeros(len(persons), dtype=torch.int64),
            scores=torch.tensor([one.score for one in persons]),
        ).sorted()

    def _picture(self, name: str | None) -> Picture:
        if name is None:
            raise DataError("a picture with a name, to look up in a file of boxes", "one without", path=self.path)
        own = PurePosixPath(name)
        alike = [one for one in self._by_base.get(own.name, []) if _same_end(PurePosixPath(one.name), own)]
        exact = [one for one in alike if one.name == name]
        chosen = exact if len(exact) == 1 else alike
        if len(chosen) != 1:
            found = "none" if not chosen else f"{len(chosen)} of that name"
            cure = "predict its persons too" if not chosen else "name pictures by their whole path there"
            raise DataError(f"boxes of persons of {name}", found, path=self.path, cure=cure)
        return chosen[0]


def _same_end(one: PurePosixPath, other: PurePosixPath) -> bool:
    """Whether one path is the end of the other."""
    shorter = min(len(one.parts), len(other.parts))
    return one.parts[-shorter:] == other.parts[-shorter:]


def _read(document: JsonNode) -> tuple[list[Picture], tuple[str, ...]]:
    """The pictures, and the names of all classes that are told."""
    value: Any = document.value
    if isinstance(value, list) and all(isinstance(one, dict) and "file" in one for one in value):
        pictures = [_of_prediction(document.get(place)) for place in range(len(value))]
        kinds = dict.fromkeys(one.kind for picture in pictures for one in picture.found if one.kind is not None)
        return pictures, tuple(kinds)
    if isinstance(value, dict) and {"images", "annotations", "categories"} <= set(value):
        return _of_coco(document)
    cure = "a list of COCO's results has no names of pictures: give the JSON with images too"
    raise document.wrong(FORMS, shown(value), cure if isinstance(value, list) and value else None)


def _of_prediction(entry: JsonNode) -> Picture:
    """A picture of a ``predictions.json``."""
    rows = entry.get("instances")
    nodes = rows.items("boxes")
    boxes = [box.numbers(4) for box in nodes]
    columns = {name: rows.items(name) for name in ("classes", "scores") if isinstance(rows.value.get(name), list)}
    for name, column in columns.items():
        if len(column) != len(boxes):
            raise rows.get(name).wrong(f"{len(boxes)} values, one a box", len(column))
    kinds = [kind.text() for kind in columns["classes"]] if "classes" in columns else [None] * len(boxes)
    scores = [float(score.number()) for score in columns["scores"]] if "scores" in columns else [1.0] * len(boxes)
    found = [Found(*one) for one in zip(boxes, kinds, scores, nodes, strict=True)]
    size = entry.optional("size")
    told = None if size is None else tuple(int(side) for side in size.numbers(2))
    return Picture(entry.get("file").text(), None if told is None else (told[0], told[1]), found)


def _of_coco(document: JsonNode) -> tuple[list[Picture], tuple[str, ...]]:
    """The pictures and classes of COCO's JSON; crowds are left out."""
    kinds = {one.get("id").identifier(): one.get("name").text() for one in document.items("categories")}
    pictures: dict[str | int, Picture] = {}
    for image in document.items("images"):
        sides = (image.optional("height"), image.optional("width"))
        height, width = (None if side is None else side.positive_int() for side in sides)
        size = None if height is None or width is None else (height, width)
        pictures[image.get("id").identifier()] = Picture(image.get("file_name").text(), size)
    for one in _persons(document):
        image, kind = one.get("image_id"), one.get("category_id")
        if image.identifier() not in pictures or kind.identifier() not in kinds:
            raise one.wrong("an image_id and a category_id of this file", f"{image.value!r} and {kind.value!r}")
        box, score = one.get("bbox"), one.optional("score")
        x, y, width, height = box.numbers(4)
        corners = [x, y, x + width, y + height]
        found = Found(corners, kinds[kind.value], 1.0 if score is None else score.number(), box)
        pictures[image.value].found.append(found)
    return list(pictures.values()), tuple(kinds.values())


def _persons(document: JsonNode) -> Iterator[JsonNode]:
    for one in document.items("annotations"):
        if not isinstance(one.value, dict):
            raise one.wrong("an object that describes a box", shown(one.value))
        if not one.value.get("iscrowd"):
            yield one.named(one.get("id").identifier()) if "id" in one.value else one
