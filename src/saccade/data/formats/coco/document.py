"""A COCO document, checked and put into arrays."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.dataset import Joints
from saccade.core.errors import DataError
from saccade.data.formats.coco.annotations import Reading
from saccade.data.formats.coco.category_joints import shared_joints
from saccade.data.formats.coco.placeholder import placeholder
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.json_node import JsonNode
from saccade.data.formats.common.object_rows import Row, build_origin, build_store, garbage_collection_paused
from saccade.data.formats.common.origin import Origin
from saccade.data.formats.common.store import RaggedArray, Store
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.limits import MAX_PIXELS
from saccade.safe_io.paths import plain_name


@dataclass(frozen=True)
class Document:
    """What a COCO file says.

    Attributes:
        classes: Names in order of their identifiers, which may have gaps.
        joints: What the joints are, or None.
        files: Names of the pictures' files, as given.
        store: The objects.
        origin: Where they are written.
        notes: What a person should know of how it was read.
    """

    classes: tuple[str, ...]
    joints: Joints | None
    files: RaggedArray
    store: Store
    origin: Origin
    notes: tuple[str, ...] = ()


# What is wrong with the files of the pictures so named: for each nothing, or expected, found and the cure.
Judge = Callable[[Sequence[str]], Sequence[tuple[str, str, str] | None]]


def read_document(
    path: Path, report: Report = strict, judge: Judge | None = None, siblings: Sequence[Path] = ()
) -> Document:
    """A COCO file.

    Args:
        path: The JSON file.
        report: Told of every defect; if it returns, the faulty entry is left out, a picture with its annotations.
        judge: Looks after the pictures' files, or None where nobody does.
        siblings: The documents of the other splits.

    Raises:
        DataError: The file cannot be read as a whole, or `report` raised one.
    """
    with garbage_collection_paused():
        return _read(JsonNode(load_json(path), path), report, judge, siblings)


def _read(root: JsonNode, report: Report, judge: Judge | None, siblings: Sequence[Path]) -> Document:
    listed = root.items("categories")
    none = placeholder(root, listed, siblings)
    categories = unique([node for node in listed if node is not none], ("id", "name"), report)
    categories.sort(key=lambda node: (isinstance(node.value["id"], str), node.value["id"]))
    pictures = unique(kept(root.items("images"), check_picture, report), ("id", "file_name"), report)
    if judge is not None:
        pictures = with_files(pictures, judge, report)
    marks = shared_joints(categories)
    store, origin = _store(root, pictures, categories, 0 if marks is None else len(marks.names), report)
    names = tuple(node.get("name").text() for node in categories)
    files = RaggedArray.of_text([node.value["file_name"] for node in pictures])
    notes = (
        ()
        if none is None
        else (f"category {none.value['name']!r} is a placeholder that no object has: it is no class",)
    )
    return Document(names, marks, files, store, origin, notes)


def with_files(pictures: list[JsonNode], judge: Judge, report: Report) -> list[JsonNode]:
    """The pictures whose files are well."""
    passed: list[JsonNode] = []
    for node, said in zip(pictures, judge([node.value["file_name"] for node in pictures]), strict=True):
        if said is None:
            passed.append(node)
        else:
            report(node.get("file_name").wrong(*said))
    return passed


def kept(nodes: Iterable[JsonNode], check: Callable[[JsonNode], None], report: Report) -> list[JsonNode]:
    """The nodes that pass a check."""
    passed: list[JsonNode] = []
    for node in nodes:
        try:
            check(node)
            passed.append(node)
        except DataError as error:
            report(error)
    return passed


def unique(nodes: Iterable[JsonNode], keys: tuple[str, ...], report: Report) -> list[JsonNode]:
    """The nodes whose identifiers are well formed and not taken."""
    seen: dict[tuple[str, Hashable], str] = {}

    def check(node: JsonNode) -> None:
        for key in keys:
            field = node.get(key)
            value = field.identifier() if key == "id" else field.text()
            if (key, value) in seen:
                article = "an" if key == "id" else "a"
                raise field.wrong(f"{article} {key} of its own", f"{value!r}, which {seen[key, value]} has too")
            seen[key, value] = node.pointer

    return kept(nodes, check, report)


def check_picture(node: JsonNode) -> None:
    """Whether a picture's size and name can be those of a picture inside the data's folder."""
    width, height = node.get("width").positive_int(), node.get("height").positive_int()
    if width * height > MAX_PIXELS:
        raise node.wrong(f"a picture of at most {MAX_PIXELS} pixels", f"{width}x{height}")
    name = node.get("file_name")
    try:
        plain_name(name.text())
    except DataError as error:
        raise name.wrong(error.expected, error.found, error.cure) from error


def _store(
    root: JsonNode, pictures: list[JsonNode], categories: list[JsonNode], marks: int, report: Report
) -> tuple[Store, Origin]:
    labels = {node.value["id"]: label for label, node in enumerate(categories)}
    sizes = [(int(node.value["height"]), int(node.value["width"])) for node in pictures]
    rows: list[list[Row]] = [[] for _ in pictures]
    reading = Reading(
        {node.value["id"]: place for place, node in enumerate(pictures)},
        labels,
        sizes,
        _sizes_left_out(root, {node.value["id"] for node in pictures}),
        identifiers(root, "categories") - labels.keys(),
        marks,
    )
    for node in root.items("annotations"):
        try:
            found = reading.read(node)
            if found is not None:
                rows[found[0]].append(found[1])
        except DataError as error:
            for one in reading.faults(node) or [error]:
                report(one)
    return build_store(sizes, rows, marks, len(categories)), build_origin("coco", [root.path], rows)


def _sizes_left_out(root: JsonNode, kept: set[Hashable]) -> dict[Hashable, tuple[int, int] | None]:
    """(H, W) of the listed pictures that are left out, by identifier; None where it is not known."""
    found: dict[Hashable, tuple[int, int] | None] = dict.fromkeys(identifiers(root) - kept)
    for node in root.items("images") if found else []:
        try:
            check_picture(node)
        except DataError:
            continue
        identifier = node.value.get("id")
        if isinstance(identifier, int | str) and identifier in found:
            found[identifier] = (int(node.value["height"]), int(node.value["width"]))
    return found


def identifiers(root: JsonNode, where: str = "images") -> set[Hashable]:
    """The identifiers of all listed pictures, or of whatever else, the faulty ones too."""
    entries = [entry for entry in root.get(where).value if isinstance(entry, dict)]
    return {entry["id"] for entry in entries if isinstance(entry.get("id"), int | str)}
