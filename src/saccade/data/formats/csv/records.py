"""Rows of a CSV table, by what its header says; checked, and with their lines."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, telling
from saccade.safe_io.documents.text_file import load_lines

Kind = Literal["boxes", "label", "labels", "states"]
Box = tuple[float, float, float, float]

_FILE = ("file", "filename", "file_name", "path", "file_path", "filepath", "image", "image_path", "image_name",
         "image_file", "img", "img_path")  # fmt: skip
_LABEL = ("label", "class", "category", "class_name", "name")
_LABELS = ("labels", "tags", "classes", "categories")
_SIDES = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"), ("x_min", "y_min", "x_max", "y_max"))
_SPLIT = ("split", "subset", "set")
_BESIDE = frozenset(("width", "height", "id"))  # Known columns that are not read.
# Tables with unknown values are often written with floats.
_STATES = {"0": 0, "1": 1, "-1": -1, "": -1, "0.0": 0, "1.0": 1, "-1.0": -1}


@dataclass(frozen=True)
class Header:
    """What a table's columns are.

    Attributes:
        kind: ``boxes`` (a row an object), ``label`` (a class a picture), ``labels`` (classes in one column) or
            ``states`` (a column a class, of 0, 1 and -1 or nothing for unknown).
        columns: All names, in order.
        file: The column of the picture's file.
        label: The column of the class or classes; -1 for ``states``.
        sides: The four columns of the box, for ``boxes``.
        split: The column of the split; -1 for none.
        classes: The columns of ``states``.
    """

    kind: Kind
    columns: tuple[str, ...]
    file: int
    label: int = -1
    sides: tuple[int, ...] = ()
    split: int = -1
    classes: tuple[int, ...] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """Names of the columns that are not read."""
        read = {self.file, self.label, self.split, *self.sides, *self.classes}
        return tuple(name or f"column {place + 1}" for place, name in enumerate(self.columns) if place not in read)


@dataclass(frozen=True)
class Record:
    """One row.

    Attributes:
        line: Where it stands.
        file: The picture.
        names: Its classes, or the object's one; empty where the row shows nothing.
        split: The split, or nothing.
        box: x1, y1, x2, y2 as given, or None.
        states: 0, 1 or -1 for each class column.
    """

    line: int
    file: str
    names: tuple[str, ...]
    split: str = ""
    box: Box | None = None
    states: tuple[int, ...] = ()


def read_header(path: Path) -> Header | None:
    """What the columns of a table are; None where they are not of this format."""
    return _header(_first_lines(path))


def read_columns(path: Path) -> list[str]:
    """The columns that the first line of a table names, whatever they are; empty where it cannot be read."""
    lines = _first_lines(path)
    try:
        rows = list(csv.reader(lines[:1], delimiter=delimiter_of(lines[0]))) if lines else []
    except csv.Error:
        return []
    return [column.strip() for row in rows for column in row]


def _first_lines(path: Path) -> list[str]:
    """The first two lines that are not empty; none of a file that cannot be read."""
    try:
        with path.open("r", encoding="utf-8-sig", errors="replace", newline="") as file:
            text = [line for line in (file.readline(65536), file.readline(65536)) if line.strip()]
    except OSError:
        return []
    return [line.rstrip("\r\n") for line in text]


def _header(lines: Sequence[str]) -> Header | None:
    if not lines:
        return None
    try:
        rows = list(csv.reader(lines, delimiter=delimiter_of(lines[0])))
    except csv.Error:
        return None
    columns = tuple(column.strip() for column in rows[0])
    lower = [column.lower() for column in columns]
    file, label, labels = (_first(lower, names) for names in (_FILE, _LABEL, _LABELS))
    split = _first(lower, _SPLIT)
    if file < 0 or len(columns) < 2:
        return None
    sides = next((tuple(map(lower.index, names)) for names in _SIDES if set(names) <= set(lower)), None)
    if sides is not None and label >= 0:
        return Header("boxes", columns, file, label, sides, split)
    if sides is None and (label >= 0 or labels >= 0):
        return Header("labels" if label < 0 else "label", columns, file, labels if label < 0 else label, split=split)
    others = tuple(place for place in range(len(columns)) if place not in (file, split) and lower[place] not in _BESIDE)
    sample = rows[1] if len(rows) > 1 else []
    if sides is None and others and len(sample) == len(columns) and all(sample[o].strip() in _STATES for o in others):
        return Header("states", columns, file, split=split, classes=others)
    return None


def _first(columns: Sequence[str], names: Sequence[str]) -> int:
    return next((columns.index(name) for name in names if name in columns), -1)


def delimiter_of(line: str) -> str:
    """What separates the columns of a table, told by its first line: comma, semicolon or tab."""
    return max(",;\t", key=line.count)


def read_records(path: Path, header: Header, report: Report) -> list[Record]:
    """The rows of a table.

    Args:
        path: The file.
        header: What its columns are.
        report: Told of every defect; if it returns, the faulty row is left out.

    Raises:
        DataError: The file cannot be read, or `report` raised one.
    """
    records: list[Record] = []
    for line, row in _rows(path):
        with telling(report):
            records.append(_record(path, header, line, row))
    return records


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows below the header with the lines they begin on."""
    lines = load_lines(path)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter_of(lines[0]), strict=True)
    begun = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cure = "close its quotes, or write the table again"
            raise DataError("CSV", error, path=path, line=begun, cure=cure) from error
        if begun > 1 and any(value.strip() for value in row):
            yield begun, [value.strip() for value in row]
        begun = reader.line_num + 1


def _record(path: Path, header: Header, line: int, row: list[str]) -> Record:
    if len(row) != len(header.columns):
        cure = f"the header names {', '.join(header.columns)[:200]}"
        raise DataError(f"{len(header.columns)} columns", len(row), path=path, line=line, cure=cure)
    split = row[header.split] if header.split >= 0 else ""
    for place in (header.file, header.split):
        if place >= 0 and not row[place]:
            raise DataError(f"a value in column {header.columns[place]!r}", "none", path=path, line=line)
    if header.kind == "states":
        states = tuple(_state(path, line, header.columns[place], row[place]) for place in header.classes)
        return Record(line, row[header.file], (), split, states=states)
    text = row[header.label]
    if header.kind != "boxes":
        names = tuple(part.strip() for part in text.replace("|", ";").split(";") if part.strip())
        return Record(line, row[header.file], names, split)
    sides = [row[place] for place in header.sides]
    if not text and not any(sides):
        return Record(line, row[header.file], (), split)
    if not text:
        raise DataError(f"a class in column {header.columns[header.label]!r}", "none", path=path, line=line)
    x1, y1, x2, y2 = (
        _number(path, line, header.columns[place], value) for place, value in zip(header.sides, sides, strict=True)
    )
    return Record(line, row[header.file], (text,), split, (x1, y1, x2, y2))


def _state(path: Path, line: int, column: str, text: str) -> int:
    if text not in _STATES:
        cure = "leave it empty where it is unknown"
        raise DataError(f"0, 1 or -1 in column {column!r}", repr(text[:80]), path=path, line=line, cure=cure)
    return _STATES[text]


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        cure = "write a point before decimals" if "," in text else "mend or delete the row"
        raise DataError(f"a finite number in column {column!r}", repr(text[:80]), path=path, line=line, cure=cure)
    return value
