"""Annotations in forms that must be exported or completed first: they are named, with what to do; nothing is read."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.csv.records import delimiter_of, read_header
from saccade.safe_io.files import kind_of
from saccade.safe_io.images.pictures import SUFFIXES

EVIDENCE = "files of other tools that must be exported first, or tables without a header, to be told what to do"
_TABLES = (".csv", ".tsv", ".txt")
_LOOKED_AT, _HEAD = 40, 1 << 16


@dataclass(frozen=True)
class _Form:
    """A form that is not read: its name, words that all stand in its files, their endings, and what to do."""

    name: str
    words: tuple[bytes, ...]
    suffix: str
    cure: str


_EXPORT = "export it as COCO (with pictures) or YOLO (with pictures), and name that folder"
_FORMS = (
    _Form("Label Studio's own tasks", (b'"annotations"', b'"result"', b'"from_name"'), ".json", _EXPORT),
    _Form("Label Studio's own tasks", (b'"completions"', b'"result"'), ".json", _EXPORT),
    _Form("Label Studio's short form", (b"labels", b'"original_width"', b'"annotator"'), ".json", _EXPORT),
    _Form("the VIA annotator's own form", (b'"shape_attributes"', b'"regions"'), ".json", "export it as COCO"),
    _Form("Supervisely's own form", (b'"classTitle"', b'"objects"'), ".json", "export it as COCO or Pascal VOC"),
    _Form("CreateML's form", (b'"coordinates"', b'"annotations"', b'"image"'), ".json", "export it as COCO"),
    _Form(
        "CVAT's own form",
        (b"<annotations", b"<image ", b"name="),
        ".xml",
        "export it as COCO 1.0 or YOLO 1.1 with pictures, or say datumaro:cvat:DIR, with the extra saccade[exotic]",
    ),
    _Form("TensorFlow's records", (), ".tfrecord", "export the data as COCO"),
)


def splits(path: Path) -> list[str]:
    """``train`` where there is a file of a form that is named here; empty for others."""
    return [] if _found(path) is None else ["train"]


def open_unread(path: Path, split: str, report: Report = strict) -> NoReturn:
    """Say which form was found and what to do.

    Raises:
        DataError: Always.
    """
    del split, report
    raise _found(path) or DataError("a form that is named here", "none", path=path, cure=f"looked for {EVIDENCE}")


def _found(path: Path) -> DataError | None:
    """The error about the first file of a form that is not read."""
    files = [path] if path.is_file() else _files(path) if path.is_dir() else []
    return next((error for file in files if (error := _judged(file)) is not None), None)


def _files(root: Path) -> Iterator[Path]:
    """The first files of the folder, then those of the folders in it."""
    folders = [root, *sorted(entry for entry in root.iterdir() if entry.is_dir() and entry.name[0] != ".")]
    wanted = {*_TABLES, *(form.suffix for form in _FORMS)}
    for folder in folders[:_LOOKED_AT]:
        yield from islice((file for file in sorted(folder.iterdir()) if file.suffix.lower() in wanted), _LOOKED_AT)


def _judged(file: Path) -> DataError | None:
    suffix = file.suffix.lower()
    head = _head(file)
    if suffix in (*_TABLES, ".json") and (kind := kind_of(head)).startswith("text in"):
        cure = f"save it in UTF-8, or convert it: iconv -f {kind.removeprefix('text in ')} -t UTF-8 FILE > NEW"
        return DataError("text in UTF-8", kind, path=file, cure=cure)
    for form in _FORMS:
        if suffix == form.suffix and all(word in head for word in form.words):
            return DataError("annotations in a form that is read", form.name, path=file, cure=form.cure)
    return _headerless(file, head) if suffix in _TABLES else None


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_HEAD)
    except OSError:
        return b""


def _headerless(file: Path, head: bytes) -> DataError | None:
    """The error about a table whose first line is already a row: a picture, numbers, and a class."""
    lines = head.decode("utf-8-sig", "replace").splitlines()
    if not lines or read_header(file) is not None:
        return None
    try:
        row = [value.strip() for value in next(csv.reader(lines[:1], delimiter=delimiter_of(lines[0])), [])]
    except csv.Error:
        return None
    names = ["file" if _is_picture(value) else "number" if _is_number(value) else "label" for value in row]
    sure = file.suffix.lower() != ".txt" or names.count("number") > 3
    if len(row) < 2 or names.count("file") != 1 or not sure:
        return None
    if names.count("number") == 4:
        sides = iter(("x1", "y1", "x2", "y2"))
        names = [next(sides) if name == "number" else name for name in names]
    elif names.count("number") == 1 and "label" not in names:
        names = ["label" if name == "number" else name for name in names]
    header = delimiter_of(lines[0]).join(names)
    cure = f"write what the columns are above it, such as {header!r}" + (
        " in a file SPLIT.csv" if file.suffix == ".txt" else ""
    )
    return DataError("a header that names the columns", f"a row: {lines[0][:80]!r}", path=file, line=1, cure=cure)


def _is_picture(value: str) -> bool:
    return Path(value.replace("\\", "/")).suffix.lower() in SUFFIXES


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
