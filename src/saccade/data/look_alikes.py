"""Annotations that no reader took, told by what the files hold: XML, text, JSON and tables near the pictures."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saccade.core.errors import SaccadeError
from saccade.data.formats.common.below import is_hidden, is_ours
from saccade.data.formats.csv.records import read_columns, read_header
from saccade.data.formats.voc.folders import is_annotation
from saccade.safe_io.images.maps import MAP_SUFFIXES, decode_map
from saccade.safe_io.images.pictures import SUFFIXES

_DEPTH, _FOLDERS, _OPENED = 3, 100, 3
_HEAD = 65536  # bytes
_VALUES = 32  # of a mask, at most
_NUMBERS = re.compile(r"\d+(\s+[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?){4,}")
_COCO = (b'"images"', b'"annotations"', b'"categories"', b'"file_name"', b'"bbox"', b'"image_id"')


@dataclass(frozen=True)
class LookAlike:
    """Files that look like annotations.

    Attributes:
        said: What they are and where, in words.
        uri: What to type to have them read, where a reader may take them.
        is_annotation: Whether they surely annotate pictures; a table whose columns are not understood may be anything.
    """

    said: str
    uri: str | None = None
    is_annotation: bool = True


def look_alikes(root: Path) -> list[LookAlike]:
    """What looks like annotations in a folder and up to three levels below it, in its first hundred folders."""
    folders = list(_listed(root))
    stems = {Path(name).stem for _, names in folders for name in names if Path(name).suffix.lower() in SUFFIXES}
    found = [one for folder, names in folders for one in _in_folder(root, folder, names, stems)]
    return found + list(_masks(root, folders))


def other_tables(root: Path) -> list[LookAlike]:
    """Tables in a folder, and one level below, whose columns are not understood."""
    near = [(folder, names) for folder, names in _listed(root) if folder in (root, *root.iterdir())]
    found = [_table(root, folder / name) for folder, names in near for name in names if _is(name, ".csv", ".tsv")]
    return [one for one in found if not one.is_annotation]


def _listed(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """The first folders with the names of their files."""
    for count, (place, folders, files) in enumerate(os.walk(root), 1):
        here = Path(place)
        deep = len(here.relative_to(root).parts) >= _DEPTH
        folders[:] = [] if deep else sorted(one for one in folders if not is_hidden(one) and not is_ours(here / one))
        yield here, sorted(name for name in files if not is_hidden(name))
        if count == _FOLDERS:
            return


def _in_folder(root: Path, folder: Path, names: Sequence[str], stems: set[str]) -> Iterator[LookAlike]:
    where = "" if folder == root else f" in {folder.relative_to(root).as_posix()}"
    xml = [name for name in names if _is(name, ".xml")]
    if any(is_annotation(folder / name) for name in xml[:_OPENED]):
        yield LookAlike(f"XML files of objects{where}, such as {xml[0]}")
    if any(b"<annotations" in _head(folder / name)[:4096] for name in xml[:_OPENED]):
        yield LookAlike(f"CVAT's XML file{where}, {xml[0]}", f"datumaro:cvat:{folder}")
    text = [name for name in names if _is(name, ".txt") and Path(name).stem in stems]
    if any(_is_yolo(folder / name) for name in text[:_OPENED]):
        yield LookAlike(f"text files of objects{where}, such as {text[0]}")
    yield from _documents(root, folder, [name for name in names if _is(name, ".json")], where, stems)
    for name in names:
        if _is(name, ".csv", ".tsv"):
            yield _table(root, folder / name)


def _masks(root: Path, folders: Sequence[tuple[Path, list[str]]]) -> Iterator[LookAlike]:
    """Folders of grey pictures of few values that are called as the coloured ones of a folder beside them."""
    pictures = {
        folder: {Path(name).stem: name for name in names if Path(name).suffix.lower() in SUFFIXES}
        for folder, names in folders
        if folder.parent == root
    }
    for folder, own in pictures.items():
        maps = [name for name in own.values() if Path(name).suffix.lower() in MAP_SUFFIXES]
        if len(maps) < len(own) or not own or not all(_is_map(folder / name) for name in maps[:_OPENED]):
            continue
        for other, beside in pictures.items():
            shared = len(own.keys() & beside.keys())
            if (
                other != folder
                and shared >= max(0.8 * len(own), 2)
                and not _is_map(other / next(iter(beside.values())))
            ):
                yield LookAlike(f"masks in {folder.name}: grey pictures of few values, called as those of {other.name}")


def _is_map(file: Path) -> bool:
    """Whether a picture is grey or has a palette, and shows few values."""
    try:
        values = decode_map(file)
    except SaccadeError:
        return False
    return values.ndim == 2 and len(np.unique(values)) <= _VALUES


def _documents(root: Path, folder: Path, names: Sequence[str], where: str, stems: set[str]) -> Iterator[LookAlike]:
    """JSON files: each may be COCO's, or all may be of one picture each."""
    paired = [name for name in names if Path(name).stem in stems]
    for name in paired[:_OPENED] or names[:_OPENED]:
        head = _head(folder / name)
        if b'"shapes"' in head and b'"imagePath"' in head:
            yield LookAlike(f"LabelMe's JSON files{where}, such as {name}", f"datumaro:label_me:{folder}")
            return
        if name in paired:
            yield LookAlike(f"JSON files of the pictures' names{where}, such as {name}")
            return
        if sum(key in head for key in _COCO) >= 3:
            yield LookAlike(
                f"{(folder / name).relative_to(root).as_posix()}, which looks like COCO's", f"coco:{folder / name}"
            )


def _table(root: Path, file: Path) -> LookAlike:
    name, columns = file.relative_to(root).as_posix(), read_columns(file)
    if read_header(file) is not None:
        return LookAlike(f"the table {name}", f"csv:{file}")
    said = ", ".join(columns[:12]) + (" …" if len(columns) > 12 else "")
    return LookAlike(f"the table {name}, whose columns are not understood: {said or 'none'}", is_annotation=False)


def _is(name: str, *suffixes: str) -> bool:
    return name.lower().endswith(suffixes)


def _head(file: Path) -> bytes:
    """The first and the last bytes of a file; nothing of one that cannot be read."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
            opened.seek(max(file.stat().st_size - _HEAD, 0))
            return head + opened.read(_HEAD)
    except OSError:
        return b""


def _is_yolo(file: Path) -> bool:
    """Whether all lines of a text file are a class and four numbers or more."""
    lines = [line for line in _head(file).decode("utf-8-sig", "replace").splitlines() if line.strip()]
    return bool(lines) and all(_NUMBERS.fullmatch(line.strip()) for line in lines[:20])
