"""Where an object is written: file, line or JSON pointer, and annotation."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from saccade.core.errors import DataError
from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part
from saccade.data.formats.common.origin import Origin
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.xml_file import load_xml


def object_defect(
    part: Part, objects: Objects, row: int, found: str, expected: str, cure: str, field: str = "bbox"
) -> Defect:
    """A defect of one object.

    Args:
        part: Its split.
        objects: All objects of the split.
        row: Its place among them.
        found: What is there.
        expected: What should be.
        cure: What to do.
        field: What of it is at fault, as a COCO file calls it.
    """
    picture = objects.picture(row)
    path, where, annotation_id = _place(part, objects.origin, picture, row, field)
    box = tuple(objects.boxes[row].tolist())
    return Defect(path, where, annotation_id, found, expected, cure, part.data.id(picture), box)


def written_at(part: Part, objects: Objects, row: int) -> str:
    """The place of an object in words."""
    path, where, annotation_id = _place(part, objects.origin, objects.picture(row), row, "bbox")
    if annotation_id is not None:
        return f"annotation {annotation_id}"
    return f"line {where}" if isinstance(where, int) else str(where or path)


def _place(
    part: Part, origin: Origin | None, picture: int, row: int, field: str
) -> tuple[str | None, int | str | None, int | str | None]:
    if origin is None:
        path = part.path(picture)
        return (part.data.id(picture) if path is None else str(path)), None, row
    place, file = int(origin.places[row]), origin.file(picture)
    if origin.form == "coco":
        return str(file), f"/annotations/{place}/{field}", _identifier(file, place)
    if origin.form == "voc":
        return str(file), _line(file, place), place + 1
    if origin.form == "labelme":
        return str(file), f"/shapes/{place}/points", None
    return str(file), place, None


def _identifier(file: Path, place: int) -> int | str | None:
    """The annotation's identifier, read from the file again: arrays that a training carries hold none."""
    identifiers = _identifiers(file)
    return identifiers[place] if place < len(identifiers) else None


@lru_cache(maxsize=4)
def _identifiers(file: Path) -> list[Any]:
    found: Any = load_json(file)
    return [annotation.get("id") if isinstance(annotation, dict) else None for annotation in found["annotations"]]


def _line(file: Path, place: int) -> int | None:
    try:
        return load_xml(file).all("object")[place].get("bndbox").line
    except (DataError, IndexError):  # The file has changed since it was read.
        return None
