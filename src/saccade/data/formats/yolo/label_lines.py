"""Lines of YOLO's label files, checked and in our frame.

A line is a class and numbers that are fractions of the picture's width and height, in turn: the centre and sides of a
box; the points of an outline; or a box and joints, with or without a mark of visibility each.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.common.json_node import shown
from saccade.data.formats.common.object_rows import Row
from saccade.data.formats.common.origin import Box, clip
from saccade.data.formats.common.wrong_numbers import WrongFraction
from saccade.safe_io.documents.text_file import load_lines

# Six digits behind the point are usual, and may round a fraction up.
SLACK = 1e-6


@dataclass(frozen=True)
class Form:
    """What the lines of a data set look like.

    Attributes:
        classes: C names.
        joints: K, or 0.
        numbers: How many numbers a joint has: 2 for a place alone, 3 with its visibility.
    """

    classes: tuple[str, ...]
    joints: int = 0
    numbers: int = 3


def read_rows(path: Path, size: tuple[int, int], form: Form, report: Report) -> list[Row]:
    """The objects of a label file.

    Args:
        path: The file.
        size: (H, W) of its picture.
        form: What its lines look like.
        report: Told of every defect; if it returns, the faulty line is left out.

    Raises:
        DataError: The file cannot be read, or `report` raised one.
    """
    rows: list[Row] = []
    for number, text in enumerate(load_lines(path), 1):
        columns = text.split()
        if columns:
            with telling(report):
                rows.append(_Line(path, number, columns, size, form).row())
    return rows


@dataclass(slots=True)
class _Line:
    path: Path
    number: int
    columns: Sequence[str]
    size: tuple[int, int]
    form: Form

    def row(self) -> Row:
        """The object that the line says."""
        count, joints, numbers = len(self.columns), self.form.joints, self.form.numbers
        label = self._label()
        values = self._numbers()
        if joints:
            if count != 5 + joints * numbers:
                raise self._count(f"5 columns and {joints} joints of {numbers}, so {5 + joints * numbers},")
            return self._person(label, values)
        if count == 5:
            self._fractions(values)
            return self._row(label, *self._box(values))
        if count < 7 or count % 2 == 0:
            raise self._count("5 columns (a box), or 7, 9 … (an outline),")
        self._fractions(values)
        return self._outline(label, values)

    def _label(self) -> int:
        text, classes = self.columns[0], self.form.classes
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if value != value or value not in range(len(classes)):
            raise self._wrong(
                f"a class from 0 to {len(classes) - 1} in column 1",
                shown(text),
                f"the listed classes are {', '.join(classes[:20])}",
            )
        return int(value)

    def _numbers(self) -> list[float]:
        """All columns but the first; only when something is wrong are they looked at one by one."""
        try:
            values = list(map(float, self.columns[1:]))
        except ValueError:
            values = [math.nan]
        if all(map(math.isfinite, values)):
            return values
        return [self._finite(place) for place in range(1, len(self.columns))]

    def _finite(self, place: int) -> float:
        try:
            value = float(self.columns[place])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            found = shown(self.columns[place])
            raise self._wrong(f"a finite number in column {place + 1}", found)
        return value

    def _fractions(self, values: Sequence[float], first: int = 2) -> None:
        """Whether all values are fractions of the picture; `first` is the column of the first of them."""
        if min(values) >= 0 and max(values) <= 1 + SLACK:
            return
        for place, value in enumerate(values):
            if not 0 <= value <= 1 + SLACK:
                cure = "divide pixels by the picture's width and height" if value > 1 else "mend or delete the line"
                wrong = self._wrong(f"a fraction from 0 to 1 in column {place + first}", f"{value:g}", cure)
                raise wrong.with_evidence(WrongFraction(value))

    def _box(self, values: Sequence[float]) -> tuple[Box, Box | None]:
        height, width = self.size
        x, y, w, h = values
        edges = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        box, given = clip(edges, self.size)
        x1, y1, x2, y2 = box
        if x2 <= x1 or y2 <= y1:
            raise self._wrong("a box of some area", " ".join(self.columns[1:5]))
        return box, given

    def _row(self, label: int, box: Box, given: Box | None) -> Row:
        return Row(box, label, (box[2] - box[0]) * (box[3] - box[1]), place=self.number, given=given)

    def _outline(self, label: int, values: Sequence[float]) -> Row:
        height, width = self.size
        polygon: NDArray[np.float64] = np.minimum(np.array(values, np.float64), 1).reshape(-1, 2) * (width, height)
        (x1, y1), (x2, y2) = polygon.min(0).tolist(), polygon.max(0).tolist()
        x, y = polygon.T
        area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
        if x2 <= x1 or y2 <= y1 or area == 0:
            raise self._wrong("an outline of some area", "points in a line", "mend or delete the line")
        return Row((x1, y1, x2, y2), label, area, polygons=[polygon.reshape(-1)], place=self.number)

    def _person(self, label: int, values: Sequence[float]) -> Row:
        height, width = self.size
        self._fractions(values[:4])
        box, given = self._box(values[:4])
        points: list[float] = []
        visible: list[int] = []
        for joint in range(self.form.joints):
            start = 4 + joint * self.form.numbers
            x, y = values[start : start + 2]
            state = values[start + 2] if self.form.numbers == 3 else 2.0 * (x != 0 or y != 0)
            if state not in (0, 1, 2):
                raise self._wrong(f"a visibility of 0, 1 or 2 in column {start + 4}", f"{state:g}")
            if state:
                self._fractions((x, y), start + 2)
            points += [x * width, y * height] if state else [0.0, 0.0]
            visible.append(int(state))
        return replace(self._row(label, box, given), keypoints=points, visible=visible)

    def _count(self, wanted: str) -> DataError:
        return self._wrong(wanted, len(self.columns))

    def _wrong(self, expected: str, found: object, cure: str = "mend or delete the line") -> DataError:
        return DataError(expected, found, path=self.path, line=self.number, cure=cure)
