"""Folders in LabelMe's format: one JSON file for each picture, with shapes as points."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.annotation import ANY_CLASS
from saccade.core.errors import DataError
from saccade.core.nearest import nearest
from saccade.data.formats.common.class_list import find_class_names
from saccade.data.formats.common.defect_report import Report, strict, telling
from saccade.data.formats.common.detection_dataset import DetectionDataset
from saccade.data.formats.common.json_node import JsonNode, shown
from saccade.data.formats.common.object_rows import Row, build_origin, build_store, garbage_collection_paused
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.labelme.folders import parts, picture_of
from saccade.data.formats.labelme.shapes import READ, Shape, read_shapes
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.images.pictures import picture_size
from saccade.safe_io.limits import MAX_SIDE
from saccade.safe_io.paths import name_in

EVIDENCE = "JSON files with shapes and imagePath, one a picture (LabelMe)"
# LabelMe's own lists of classes begin with these, which stand for no class.
IGNORED, _BACKGROUND = "__ignore__", "_background_"


@dataclass(frozen=True)
class _Picture:
    """One picture: its name, the file that annotates it, (H, W), its objects, and what is to be said of it.

    `alias` is what the file calls an absent picture; `unread` are the kinds of shapes that are not read; `flags` are
    marks of the whole picture, which are not read.
    """

    name: str
    file: Path
    size: tuple[int, int]
    shapes: list[Shape]
    alias: str
    unread: list[str]
    flags: list[str]


def splits(path: Path) -> list[str]:
    """The splits of a folder in LabelMe's format; empty where it is none."""
    return list(parts(path))


def open_labelme(path: Path, split: str, report: Report = strict) -> DetectionDataset:
    """One split, by a name of `splits`. Boxes; masks where shapes are polygons or masks.

    Polygons, rectangles and masks are read; circles, lines and points are counted in the notes. Shapes of the class
    ``__ignore__`` are regions to ignore. Classes are those of ``labels.txt`` or ``classes.txt``, or else those of all
    splits by name.

    Args:
        path: The data's folder, or one file.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault.
    """
    root = path if path.is_dir() else path.parent
    known = parts(path)
    with garbage_collection_paused():
        pictures = _pictures(root, known[split], report)
        classes = _classes(root, pictures, [file for name, files in known.items() if name != split for file in files])
        rows = [_rows(picture, classes, report) for picture in pictures]
    if not pictures:
        raise DataError("annotated pictures", "none", path=path, cure=f"looked for {EVIDENCE}")
    store = build_store([picture.size for picture in pictures], rows, classes=len(classes))
    origin = build_origin("labelme", [picture.file for picture in pictures], rows)
    names = RaggedArray.of_text([picture.name for picture in pictures])
    data = DetectionDataset(root, names, store, classes, origin=origin)
    data.gathered, data.notes = find_class_names(root) is None, tuple(_notes(pictures))
    return data


def _pictures(root: Path, files: Sequence[Path], report: Report) -> list[_Picture]:
    found: dict[str, _Picture] = {}
    for file in files:
        with telling(report):
            picture = _picture(root, JsonNode(load_json(file), file), report)
            if picture.name in found:
                again = f"{picture.name}, which {found[picture.name].file.name} annotates too"
                raise DataError("a picture of its own", again, path=file, cure="delete one of the two files")
            found[picture.name] = picture
    return list(found.values())


def _picture(root: Path, node: JsonNode, report: Report) -> _Picture:
    if not isinstance(node.value, dict):
        raise node.wrong("an object with 'shapes' and 'imagePath'", shown(node.value))
    path, alias = picture_of(root, node)
    width, height = node.optional("imageWidth"), node.optional("imageHeight")
    declared = width is not None and height is not None
    size = (height.positive_int(), width.positive_int()) if declared else picture_size(path)  # pyright: ignore[reportOptionalMemberAccess]
    if max(size) > MAX_SIDE:
        raise node.wrong(f"a picture with sides of at most {MAX_SIDE}", f"{size[1]}x{size[0]}")
    shapes, unread = read_shapes(node, size, report)
    flags = node.value.get("flags")
    marks = [str(name) for name, value in flags.items() if value] if isinstance(flags, dict) else []
    return _Picture(name_in(root, path), node.path, size, shapes, alias, unread, marks)


def _classes(root: Path, pictures: Sequence[_Picture], others: Sequence[Path]) -> tuple[str, ...]:
    """The listed names, or else those of all splits, so that the splits agree."""
    shown_here = {shape.name for picture in pictures for shape in picture.shapes}
    listed = find_class_names(root)
    if listed is not None:
        return tuple(n for n in listed.names if n != IGNORED and (n != _BACKGROUND or n in shown_here))
    for file in others:
        with telling(_pass_over):  # Defects of other splits are told when those are opened.
            content = load_json(file)
            for shape in (
                content["shapes"] if isinstance(content, dict) and isinstance(content.get("shapes"), list) else ()
            ):
                if isinstance(shape, dict) and shape.get("shape_type", "polygon") in READ:
                    shown_here |= {name for name in [shape.get("label")] if isinstance(name, str) and name}
    return tuple(sorted(shown_here - {IGNORED}))


def _pass_over(_: DataError) -> None:
    """A defect that is told elsewhere."""


def _rows(picture: _Picture, classes: Sequence[str], report: Report) -> list[Row]:
    rows: list[Row] = []
    for shape in picture.shapes:
        with telling(report):
            ignored = shape.name == IGNORED
            if not ignored and shape.name not in classes:
                near = nearest(shape.name, classes)
                cure = f"did you mean {near!r}?" if near else "add it to the list of classes"
                raise shape.node.get("label").wrong(f"a class among {', '.join(classes[:20])}", repr(shape.name), cure)
            label = ANY_CLASS if ignored else classes.index(shape.name)
            place = int(shape.node.key)
            rows.append(
                Row(
                    shape.box,
                    label,
                    shape.area,
                    ignored,
                    code=shape.code,
                    polygons=shape.polygons,
                    place=place,
                    given=shape.given,
                )
            )
    return rows


def _notes(pictures: Sequence[_Picture]) -> list[str]:
    """What a person should know of how the files were read."""
    found: list[str] = []
    unread = Counter(kind for picture in pictures for kind in picture.unread)
    if unread:
        first = next(picture.file.name for picture in pictures if picture.unread)
        kinds = ", ".join(f"{count} {kind}" for kind, count in unread.most_common())
        found.append(f"shapes that are not read, since polygons and rectangles alone are: {kinds} (first in {first})")
    flags = sorted({flag for picture in pictures for flag in picture.flags})
    if flags:
        found.append(f"flags of whole pictures are not read: {', '.join(flags[:8])}")
    other = [picture for picture in pictures if picture.alias]
    if other:
        said = f"{other[0].file.name} says {other[0].alias!r}"
        found.append(f"{len(other)} files name an absent picture, and are of that of their own name: {said}")
    return found
