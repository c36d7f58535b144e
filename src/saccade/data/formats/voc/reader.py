"""Folders in Pascal VOC's format: one XML file for each picture; classes and objects as pixels where PNGs give them."""

from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import numpy as np

from saccade.core.errors import DataError
from saccade.core.nearest import nearest
from saccade.data.formats.common.class_list import find_class_names
from saccade.data.formats.common.defect_report import Report, strict, telling
from saccade.data.formats.common.detection_dataset import DetectionDataset
from saccade.data.formats.common.object_rows import garbage_collection_paused
from saccade.data.formats.common.origin import Origin
from saccade.data.formats.common.store import RaggedArray, Store, starts_of
from saccade.data.formats.voc.folders import Part, folder_and_lists, parts
from saccade.data.formats.voc.object_rows import Row, check_root, read_name, read_rows, read_size
from saccade.data.formats.voc.pixels import VocPixels
from saccade.safe_io.documents.xml_file import Element, load_xml
from saccade.safe_io.images.pictures import SUFFIXES, picture_size

EVIDENCE = "Annotations/*.xml, SPLIT/*.xml (Pascal VOC)"


@dataclass(frozen=True)
class _Picture:
    """One picture: its path and stem, the annotation's file, (H, W), its objects, and what else the file calls it."""

    name: str
    file: Path
    stem: str
    size: tuple[int, int]
    rows: list[Row]
    alias: str = ""


def splits(path: Path) -> list[str]:
    """The splits of a folder in VOC's format; empty where it is none."""
    return list(parts(*folder_and_lists(path))) if path.is_dir() else []


def open_voc(path: Path, split: str, report: Report = strict) -> DetectionDataset:
    """One split, by a name of `splits`. Boxes, difficult; classes of pixels and masks where PNGs give them.

    VOC's boxes name their first and last pixel, counted from 1: xmin .. xmax becomes xmin - 1 .. xmax. What reaches
    over the picture's edge is cut off, also the 0 of tools that count from 0. `truncated` and `pose` are not read.
    Classes are those of ``classes.txt`` or ``labels.txt`` beside the annotations, or else those of all splits by name.

    Args:
        path: The data's folder, or that of its lists, such as ``VOC2012/ImageSets/Segmentation``.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault.
    """
    root, lists = folder_and_lists(path)
    known = parts(root, lists)
    pictures = _pictures(root, known[split], report)
    classes = _classes(root, known, split, pictures, report)
    labels = [_labels(picture, classes, report) for picture in pictures]
    store = _store(pictures, labels, len(classes))
    places = [row.place for picture in pictures for row in picture.rows]
    pixels = VocPixels.beside(root, [picture.stem for picture in pictures], store, places, classes)
    names = RaggedArray.of_text([picture.name for picture in pictures])
    given = [row.given for picture in pictures for row in picture.rows]
    origin = Origin.of("voc", [picture.file for picture in pictures], places, given)
    data = DetectionDataset(root, names, store, classes, maps=pixels if pixels.fields else None, origin=origin)
    data.gathered = find_class_names(root, _pass_over) is None
    data.notes = (*_notes(pictures), *known[split].disk.notes())
    return data


def _notes(pictures: list[_Picture]) -> tuple[str, ...]:
    """What is to be said of annotations that call their picture otherwise than they are called."""
    other = [picture for picture in pictures if picture.alias]
    if not other:
        return ()
    first = f"{other[0].file.name} says {other[0].alias!r}"
    return (
        f"{len(other)} annotations name an absent picture in <filename>, and are of that of their own name: {first}",
    )


def _pictures(root: Path, part: Part, report: Report) -> list[_Picture]:
    """The annotated pictures of a split. Trees are let go one by one: they are a hundred times as large as rows."""
    found: list[_Picture] = []
    seen: dict[str, Path] = {}
    with garbage_collection_paused():
        for file in part.files(report):
            with telling(report):
                found.append(_picture(root, part, load_xml(file), report))
                _check_name(found, seen)
    if not found:
        raise DataError("annotated pictures", "none", path=part.listing or part.annotations)
    return found


def _check_name(found: list[_Picture], seen: dict[str, Path]) -> None:
    """Whether the last picture is annotated for the first time; it is taken out again if not."""
    last = found[-1]
    if last.name in seen:
        found.pop()
        found_again = f"{last.name}, which {seen[last.name].name} annotates too"
        raise DataError("a picture of its own", found_again, path=last.file, cure="delete one of the two files")
    seen[last.name] = last.file


def _picture(root: Path, part: Part, tree: Element, report: Report) -> _Picture:
    check_root(tree)
    named = tree.find("filename")
    _check_one_picture(part, tree, named)
    name = part.picture(tree.path, None if named is None else named.text)
    if name is None:
        raise DataError(
            f"a picture {tree.path.stem}.jpg, or of another suffix in {part.pictures}",
            "none",
            path=tree.path,
            line=1 if named is None else named.line,
            cure="put the picture there, or delete the annotation",
        )
    picture = part.pictures / name
    size: tuple[int, int] | None = None
    with telling(report):
        size = read_size(tree)
    size = size or picture_size(picture)
    stem = tree.path.relative_to(part.annotations).with_suffix("").as_posix()
    said = PureWindowsPath("" if named is None else named.text)  # It knows both kinds of slashes.
    alias = said.name if said.suffix.lower() in SUFFIXES and said.stem.lower() != picture.stem.lower() else ""
    rows = read_rows(tree, size, report)
    return _Picture(picture.relative_to(root).as_posix(), tree.path, stem, size, rows, alias)


def _check_one_picture(part: Part, tree: Element, named: Element | None) -> None:
    """Refuse an annotation that may be of several pictures."""
    rivals = part.rivals(tree.path, None if named is None else named.text)
    if rivals:
        said = "no <filename>" if named is None else f"<filename>{named.text[:200]}"
        raise DataError(
            "one picture",
            f"{' and '.join(rivals)}, and {said}",
            path=tree.path,
            line=1 if named is None else named.line,
            cure="write the picture's name into <filename>, and call the annotation like it; or take the other away",
        )


def _classes(
    root: Path, known: dict[str, Part], split: str, pictures: list[_Picture], report: Report
) -> tuple[str, ...]:
    """The listed names, or else those of all splits, so that the splits agree."""
    listed = find_class_names(root, report)
    if listed is not None:
        return listed.names
    found = {row.name for picture in pictures for row in picture.rows}
    read = {picture.file for picture in pictures}
    for name, part in known.items():
        # Defects of other splits are told when those are opened.
        others = [] if name == split else part.files(_pass_over)
        for file in others:
            if file not in read:
                read.add(file)
                with telling(_pass_over):
                    found |= {read_name(node).text for node in load_xml(file).all("object")}
    return tuple(sorted(found))


def _pass_over(_: DataError) -> None:
    """A defect that is told elsewhere."""


def _labels(picture: _Picture, classes: tuple[str, ...], report: Report) -> list[int]:
    """The numbers of the classes of a picture's objects; unknown ones leave `picture`."""
    found: list[int] = []
    for row in list(picture.rows):
        if row.name in classes:
            found.append(classes.index(row.name))
            continue
        picture.rows.remove(row)
        near = nearest(row.name, classes)
        error = DataError(
            f"a class among {', '.join(classes[:20])}",
            repr(row.name),
            path=picture.file,
            line=row.line,
            annotation_id=row.place + 1,
            cure=f"did you mean {near!r}?" if near else "add it to the list of classes",
        )
        report(error)
    return found


def _store(pictures: list[_Picture], labels: list[list[int]], classes: int) -> Store:
    rows = [row for picture in pictures for row in picture.rows]
    boxes = np.array([row.box for row in rows], np.float32).reshape(-1, 4)
    return Store(
        sizes=np.array([picture.size for picture in pictures], np.int32).reshape(-1, 2),
        starts=starts_of(len(picture.rows) for picture in pictures),
        boxes=boxes,
        labels=np.array([label for picture in labels for label in picture], np.int32),
        area=(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]),
        crowd=np.zeros(len(rows), np.bool_),
        difficult=np.array([row.difficult for row in rows], np.bool_),
        classes=classes,
    )
