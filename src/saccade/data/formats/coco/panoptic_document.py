"""A document of COCO's panoptic form, checked and put into arrays.

Legend: N pictures, S segments of all pictures, C classes.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.data.formats.coco.annotations import declared
from saccade.data.formats.coco.document import check_picture, identifiers, kept, unique, with_files
from saccade.data.formats.coco.reader import missing_pictures, picture_folder
from saccade.data.formats.common.defect_report import Report
from saccade.data.formats.common.disk_names import DiskNames
from saccade.data.formats.common.index_map import IGNORE
from saccade.data.formats.common.json_node import JsonNode, shown
from saccade.data.formats.common.object_rows import garbage_collection_paused
from saccade.data.formats.common.store import RaggedArray, starts_of
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.files import is_file
from saccade.safe_io.paths import name_in, plain_name

Segment = tuple[int, int, bool]


@dataclass(frozen=True)
class Segments:
    """The segments of N pictures.

    Attributes:
        starts: (N + 1,) where each picture's begin.
        numbers: (S,) what the PNG's colours say: red + 256 green + 65536 blue.
        labels: (S,) 0..C-1.
        crowd: (S,) bool.
        things: (C,) bool, whether a class is of things that can be counted.
    """

    starts: NDArray[np.int64]
    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    things: NDArray[np.bool_]

    def rows(self, index: int) -> slice:
        """Where a picture's segments are."""
        return slice(int(self.starts[index]), int(self.starts[index + 1]))


@dataclass(frozen=True)
class Document:
    """What a panoptic document says.

    Attributes:
        classes: C names, of things and stuff, in order of their identifiers.
        names: Paths of the N pictures relative to the data's folder.
        maps: Paths of their PNGs.
        sizes: (N, 2) int32 H, W.
        segments: What the PNGs show.
    """

    classes: tuple[str, ...]
    names: RaggedArray
    maps: RaggedArray
    sizes: NDArray[np.int32]
    segments: Segments


def read_panoptic(root: Path, file: Path, split: str, report: Report) -> Document:
    """A panoptic document.

    Args:
        root: The data's folder.
        file: The document.
        split: The split's name, by which the pictures' folder is sought.
        report: Told of every defect; if it returns, the faulty entry is left out.

    Raises:
        DataError: The file cannot be read as a whole, or `report` raised one.
    """
    with garbage_collection_paused():
        return _Reading(root, JsonNode(load_json(file), file), split, report).read()


@dataclass(frozen=True)
class _Reading:
    """A document that is being read."""

    root: Path
    document: JsonNode
    split: str
    report: Report
    disk: DiskNames = field(default_factory=DiskNames)

    def read(self) -> Document:
        """The whole document, without what was reported as at fault."""
        categories = unique(self.document.items("categories"), ("id", "name"), self.report)
        categories.sort(key=lambda node: (isinstance(node.value["id"], str), node.value["id"]))
        if len(categories) > IGNORE:
            raise self.document.get("categories").wrong(f"at most {IGNORE} categories", len(categories))
        folder, pictures = self._pictures()
        drawn = self._annotations({node.value["id"] for node in pictures}, categories)
        for node in pictures:
            if node.value["id"] not in drawn:
                self.report(node.wrong("segments of the picture among /annotations", "none"))
        pictures = [node for node in pictures if node.value["id"] in drawn]
        rows = [row for node in pictures for row in drawn[node.value["id"]][1]]
        starts = starts_of(len(drawn[node.value["id"]][1]) for node in pictures)
        numbers, labels, crowd = zip(*rows, strict=True) if rows else ((), (), ())
        return Document(
            classes=tuple(node.get("name").text() for node in categories),
            names=RaggedArray.of_text([self._name(folder / node.value["file_name"]) for node in pictures]),
            maps=RaggedArray.of_text([name_in(self.root, drawn[node.value["id"]][0]) for node in pictures]),
            sizes=np.array([(node.value["height"], node.value["width"]) for node in pictures], np.int32).reshape(-1, 2),
            segments=Segments(
                starts,
                np.array(numbers, np.int64),
                np.array(labels, np.int64),
                np.array(crowd, np.bool_),
                np.array([_flag(node, "isthing") for node in categories], np.bool_),
            ),
        )

    def _pictures(self) -> tuple[Path, list[JsonNode]]:
        found = kept(self.document.items("images"), check_picture, self.report)
        found = unique(found, ("id", "file_name"), self.report)
        first = [node.value["file_name"] for node in found[:20]]
        folder = picture_folder(self.root, self.document.path, self.split, first)
        return folder, with_files(found, lambda names: missing_pictures(folder, names, self.disk), self.report)

    def _name(self, path: Path) -> str:
        """How a picture's file is called on the disk, in the data's folder."""
        return name_in(self.root, self.disk.find(path) or path)

    def _annotations(self, pictures: set[Any], categories: list[JsonNode]) -> dict[Any, tuple[Path, list[Segment]]]:
        """The PNG and the segments of each picture, by its identifier."""
        labels = {node.value["id"]: label for label, node in enumerate(categories)}
        places = {identifier: place for place, identifier in enumerate(pictures)}
        left_out = identifiers(self.document) - pictures
        found: dict[Any, tuple[Path, list[Segment]]] = {}

        def read(node: JsonNode) -> None:
            picture = node.get("image_id")
            if picture.identifier() in left_out:
                return
            declared(picture, places, "images")
            if picture.value in found:
                raise picture.wrong("one entry a picture", f"{picture.value!r} again")
            found[picture.value] = (self._map(node.get("file_name")), _segments(node, labels, self.report))

        kept(self.document.items("annotations"), read, self.report)
        return found

    def _map(self, node: JsonNode) -> Path:
        """The PNG, in a folder of the document's name, with or without its first word."""
        try:
            name = plain_name(node.text())
        except DataError as error:
            raise node.wrong(error.expected, error.found, error.cure) from error
        file = self.document.path
        beside = [file.with_suffix(""), self.root / file.stem, self.root / f"panoptic_{self.split}"]
        place = next((folder / name for folder in beside if is_file(folder / name)), None)
        if place is None:
            raise node.wrong(f"a PNG in {beside[0]}", f"no {name!r}", "unpack the PNGs there")
        return place


def _segments(node: JsonNode, labels: dict[Any, int], report: Report) -> list[Segment]:
    """The number, the class and the crowd mark of each segment of a picture."""
    found: dict[int, Segment] = {}

    def read(entry: JsonNode) -> None:
        number = entry.get("id").positive_int()
        if number in found or number >= 2**24:
            raise entry.get("id").wrong("a number of its own below 2^24", number)
        found[number] = (number, declared(entry.get("category_id"), labels, "categories"), _flag(entry, "iscrowd"))

    kept(node.items("segments_info"), read, report)
    return list(found.values())


def _flag(node: JsonNode, name: str) -> bool:
    flag = node.optional(name)
    if flag is not None and flag.value not in (0, 1):
        raise flag.wrong("0 or 1", shown(flag.value))
    return flag is not None and bool(flag.value)
