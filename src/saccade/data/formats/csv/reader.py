"""Tables in CSV: a class, several classes, or boxes of pictures, by what the header says."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from saccade.core.errors import DataError
from saccade.data.formats.common.class_list import find_class_names
from saccade.data.formats.common.defect_report import Report, strict, telling
from saccade.data.formats.common.detection_dataset import DetectionDataset
from saccade.data.formats.common.disk_names import DiskNames
from saccade.data.formats.common.labelled_images import LabelledImages
from saccade.data.formats.common.object_rows import Row, build_origin, build_store, garbage_collection_paused
from saccade.data.formats.common.origin import clip
from saccade.data.formats.common.split_names import USUAL, canonical, one_each
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.common.wrong_numbers import WrongBox
from saccade.data.formats.csv.records import Header, Record, read_header, read_records
from saccade.safe_io.images.pictures import picture_size
from saccade.safe_io.paths import name_in, plain_name

EVIDENCE = "SPLIT.csv with columns file and label, labels, or x1,y1,x2,y2,label (CSV)"

_SUFFIXES = (".csv", ".tsv")


@dataclass(frozen=True)
class _Table:
    """One file with what its header says."""

    path: Path
    header: Header


def splits(path: Path) -> list[str]:
    """The splits of a folder with tables, or of one table; empty where it is none."""
    found: dict[str, None] = {}
    for name, table in _tables(path).items():
        if table.header.split < 0:
            found[name] = None
        else:
            told = sorted({one.split for one in _records(table, _pass_over) if one.split})
            found |= one_each(path, ((name, None) for name in told), "name")
    return list(found)


def open_csv(path: Path, split: str, report: Report = strict) -> LabelledImages | DetectionDataset:
    """One split, by a name of `splits`: the class, the classes or the objects of each picture.

    Boxes are continuous coordinates, cut off at the picture's edge. Files are sought in the table's folder, and in
    ``images``, the split's folder and ``images/SPLIT`` beside it. Classes are those of ``classes.txt``, or else those
    of all splits by name (numbers by value); where each class has a column, those in their order.

    Args:
        path: The data's folder, or one table.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault.
    """
    with garbage_collection_paused():
        return _opened(path, split, report)


def _opened(path: Path, split: str, report: Report) -> LabelledImages | DetectionDataset:
    tables = _tables(path)
    root = path if path.is_dir() else path.parent
    table = next(one for name, one in tables.items() if name == split or one.header.split >= 0)
    own = read_records(table.path, table.header, report)
    others = [one for other in tables.values() if other is not table for one in _records(other, _pass_over)]
    classes = _classes(root, table, own + others, report)
    records = own if table.header.split < 0 else [one for one in own if canonical(one.split) == split]
    builder = _Builder(root, table, classes, split, report)
    many = table.header.kind != "label" or any(len(one.names) > 1 for one in own + others)
    mark = builder.states if many else builder.label
    data = builder.objects(records) if table.header.kind == "boxes" else builder.labels(records, mark)
    data.gathered = table.header.kind != "states" and find_class_names(root, _pass_over) is None
    data.notes = tuple(builder.notes())
    return data


def _tables(path: Path) -> dict[str, _Table]:
    """Tables by split.

    Raises:
        DataError: Two claim the same split.
    """
    if path.is_file():
        header = read_header(path) if path.suffix.lower() in _SUFFIXES else None
        return {} if header is None else {"train": _Table(path, header)}
    if not path.is_dir():
        return {}
    found: dict[str, _Table] = {}
    for file in sorted(file for end in _SUFFIXES for file in (*path.glob(f"*{end}"), *path.glob(f"*/_*{end}"))):
        header = read_header(file)
        if header is None:
            continue
        name = canonical(file.parent.name) if file.parent != path else _split_of(file)
        if name in found:
            raise DataError(
                f"one table for the split {name!r}",
                f"{found[name].path} and {file}",
                path=path,
                cure=f"say which: csv:{found[name].path} or csv:{file}",
            )
        found[name] = _Table(file, header)
    return found


def _split_of(file: Path) -> str:
    words = [canonical(word) for word in re.split(r"[_.\- ]", file.stem)]
    return next((word for word in words if word in USUAL), "train")


def _records(table: _Table, report: Report) -> list[Record]:
    return read_records(table.path, table.header, report)


def _pass_over(_: DataError) -> None:
    """A defect that is told elsewhere."""


def _classes(root: Path, table: _Table, records: list[Record], report: Report) -> tuple[str, ...]:
    if table.header.kind == "states":
        return tuple(table.header.columns[place] for place in table.header.classes)
    listed = find_class_names(root, report)
    if listed is not None:
        return listed.names
    names = {name for record in records for name in record.names}
    return tuple(sorted(names, key=lambda name: (0, int(name), "") if name.isdecimal() else (1, 0, name)))


@dataclass(frozen=True)
class _Builder:
    """Data sets from records of one table."""

    root: Path
    table: _Table
    classes: tuple[str, ...]
    split: str
    report: Report
    disk: DiskNames = field(default_factory=DiskNames)
    turned: list[str] = field(default_factory=list[str])

    def notes(self) -> Iterator[str]:
        """What a person should know of how the table was read."""
        name, unread = self.table.path.name, self.table.header.unread
        if unread:
            yield f"{name}: not read: the {'column' if len(unread) == 1 else 'columns'} {', '.join(unread[:12])}"
        if self.turned:
            yield f"{name}: \\ is read as / in {len(self.turned)} rows, as in {self.turned[0]!r}"
        yield from self.disk.notes()

    def objects(self, records: list[Record]) -> DetectionDataset:
        """Pictures with boxes; rows of one picture need not follow each other."""
        names: dict[str, str] = {}
        places: dict[str, int] = {}
        sizes: list[tuple[int, int]] = []
        rows: list[list[Row]] = []
        for record in records:
            with telling(self.report):
                if record.file not in names:
                    names[record.file] = self._picture(record)
                name = names[record.file]
                if name not in places:
                    sizes.append(picture_size(self.root / name))
                    places[name] = len(rows)
                    rows.append([])
                if record.box is not None:
                    rows[places[name]].append(self._row(record, sizes[places[name]]))
        self._some(places)
        store = build_store(sizes, rows, classes=len(self.classes))
        origin = build_origin("csv", [self.table.path], rows)
        return DetectionDataset(self.root, RaggedArray.of_text(list(places)), store, self.classes, origin=origin)

    def labels(self, records: list[Record], mark: Callable[[Record], int | list[int]]) -> LabelledImages:
        """Pictures with what `mark` makes of their record."""
        lines: dict[str, int] = {}
        marks: list[int | list[int]] = []
        for record in records:
            with telling(self.report):
                name = self._picture(record)
                if name in lines:
                    raise self._wrong(record, "each file once", f"{name!r} in line {lines[name]} too")
                marks.append(mark(record))
                lines[name] = record.line
        self._some(lines)
        return LabelledImages(self.root, RaggedArray.of_text(list(lines)), self.classes, np.array(marks, np.int64))

    def label(self, record: Record) -> int:
        """The one class."""
        if not record.names:
            raise self._wrong(record, "a class", "none")
        return self._known(record, record.names[0])

    def states(self, record: Record) -> list[int]:
        """0, 1 or -1 of each class."""
        if record.states:
            return list(record.states)
        present = {self._known(record, name) for name in record.names}
        return [int(label in present) for label in range(len(self.classes))]

    def _known(self, record: Record, name: str) -> int:
        if name not in self.classes:
            raise self._wrong(record, f"a class among {', '.join(self.classes[:20])}", repr(name[:80]))
        return self.classes.index(name)

    def _row(self, record: Record, size: tuple[int, int]) -> Row:
        numbers = x1, y1, x2, y2 = record.box or (0.0, 0.0, 0.0, 0.0)
        said = ", ".join(f"{number:g}" for number in numbers)
        if x2 <= x1 or y2 <= y1:
            raise self._wrong(record, "a box x1 < x2, y1 < y2", said).with_evidence(WrongBox(numbers))
        box, given = clip((x1, y1, x2, y2), size)
        if box[2] <= box[0] or box[3] <= box[1]:
            outside = self._wrong(record, f"a box inside the picture of {size[1]}x{size[0]}", said)
            raise outside.with_evidence(WrongBox(numbers, size))
        area = (box[2] - box[0]) * (box[3] - box[1])
        return Row(box, self._known(record, record.names[0]), area, place=record.line, given=given)

    def _picture(self, record: Record) -> str:
        """The picture's path relative to the data's folder."""
        try:
            plain_name(record.file)
        except DataError as error:
            raise self._wrong(record, error.expected, error.found, error.cure) from error
        here = self.table.path.parent
        guessed = (here / "images", here / self.split, here / "images" / self.split)
        for name in dict.fromkeys((record.file, record.file.replace("\\", "/"))):
            own = self.disk.file(here / name)
            found = [own] if own is not None else [*filter(None, (self.disk.file(one / name) for one in guessed))]
            if len({path.resolve() for path in found}) > 1:
                both = " and ".join(name_in(self.root, path) for path in found)
                raise self._wrong(
                    record, "one picture", f"{both}, both {name!r}", "write its path from the table's folder"
                )
            if found and name != record.file:
                self.turned.append(record.file)
            if found:
                return name_in(self.root, found[0])
        raise self._wrong(record, "a picture", f"no {record.file[:200]!r}", "add it, or delete the row")

    def _some(self, found: dict[str, int]) -> None:
        if not found:
            raise DataError("pictures", "none", path=self.table.path)

    def _wrong(
        self, record: Record, expected: str, found: object, cure: str | None = "mend or delete the row"
    ) -> DataError:
        return DataError(expected, found, path=self.table.path, line=record.line, cure=cure)
