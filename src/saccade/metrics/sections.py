"""What a metric says in the report: sections of tables, curves, matrices and bars, as plain data.

A metric fills them with the class names of its own vocabulary; they are drawn elsewhere. Sections of one title become
one section, and tables of one title with the same rows become one table, whoever supplied them.

Legend: R rows, K columns.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.metrics.illustration import Colour
from saccade.metrics.scores import SCORES

Form = Literal["share", "count", "threshold", "gain", "words"]
Values = Sequence[float | None] | Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        name: What it is called; each of a table has another.
        values: R values; None where undefined.
        form: How they are written. ``share``: fractions of 1. ``count``: whole numbers. ``threshold``: rounded down, so
            that what it keeps stays. ``gain``: fractions beside bars, of which the greatest is the longest. ``words``.
        title: Its name for people; by default that of the score so called, or the name itself.
        telling: Whether it says most about a row; the first that does has bars.
    """

    name: str
    values: Values
    form: Form = "share"
    title: str = ""
    telling: bool = False

    @property
    def heading(self) -> str:
        """The name for people."""
        known = SCORES.get(self.name)
        if self.title or known is None:
            return self.title or self.name.replace("_", " ").capitalize()
        return known.title if known.higher_is_better else f"{known.title} (lower is better)"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows with names.

    Attributes:
        rows: R names.
        columns: Columns of R values.
        title: What stands above it; the table that a section is about needs none.
        lead: What is to be said of it.
        head: What the rows are.
        dots: A colour for each row, where drawings have it too.
        sortable: Whether the reader may order its rows.
        aloud: What stands above it in a terminal; without it the table is for the page alone.
    """

    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    title: str = ""
    lead: str = ""
    head: str = "Class"
    dots: tuple[Colour, ...] | None = None
    sortable: bool = True
    aloud: str = ""

    def __getitem__(self, name: str) -> Values:
        """The values of a column."""
        return {column.name: column.values for column in self.columns}[name]


class Curve(NamedTuple):
    """A curve of the report.

    Attributes:
        name: What it shows, usually a class.
        x: Places of its points.
        y: Heights of its points.
        area: Area under it, where it means something.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float | None = None


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Curves over 0..1, or over 0 to `reach`; of many, those of the least area are drawn.

    Attributes:
        title: What stands above them.
        curves: The curves; one of a single point is a dot.
        x: What its places are.
        y: What its heights are.
        area: What the area under a curve is called.
        lead: What is to be said of them.
        diagonal: Whether a line to compare with, such as blind predictions, is the diagonal, which then is drawn.
        reach: The greatest place.
        empty: Why there may be no curve.
    """

    title: str
    curves: tuple[Curve, ...]
    x: str
    y: str
    area: str = "area under the curve"
    lead: str = ""
    diagonal: bool = False
    reach: float = 1.0
    empty: str = "No curve: the data determines none."


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """What is taken for what. Rows and columns begin with the same classes, and may end with others.

    Attributes:
        counts: (R, K) int64, rows by truth, columns by prediction.
        rows: R names.
        columns: K names.
        title: What stands above it.
        lead: What is to be said of it.
        what: What is counted.
        empty: Why all counts may be 0.
    """

    counts: Tensor
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    title: str = "Confusion"
    lead: str = ""
    what: str = "pictures"
    empty: str = "Nothing was counted: no picture was measured."


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A score 0..1 of each row, the lowest first; of many, the lowest alone.

    Attributes:
        rows: R names.
        values: R values; None where undefined.
        label: What the score is called.
        title: What stands above them.
        lead: What is to be said of them.
    """

    rows: tuple[str, ...]
    values: Sequence[float | None]
    label: str
    title: str = "Weakest classes first"
    lead: str = ""


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Counts over 0..1 in equal bins, one family above the other.

    Attributes:
        title: What stands above it.
        counts: Counts by name of the family, as many for each.
        label: What is put into bins.
        lead: What is to be said of it.
        what: What is counted.
    """

    title: str
    counts: Mapping[str, Sequence[int]]
    label: str
    lead: str = ""
    what: str = "pictures"


Part = Table | Curves | Matrix | Bars | Histogram


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes:
        title: What stands above it.
        parts: What it holds.
        lead: What is to be said of it.
    """

    title: str
    parts: tuple[Part, ...] = ()
    lead: str = ""


def class_section(table: Table, lead: str = "") -> Section:
    """The section of all tables of classes."""
    return Section("Classes", (table,), lead)


def mistake_section(*parts: Part) -> Section:
    """The section of what is taken for what."""
    return Section("Mistakes", parts, "What is taken for what, and how sure of it.")


def as_threshold(value: float) -> str:
    """A threshold in three digits, rounded down so that what it keeps stays."""
    return f"{math.floor(value * 1000) / 1000:.3f}"


def joined(sections: Iterable[Section]) -> tuple[Section, ...]:
    """Sections with those of one title made one, in the order in which titles come first.

    Raises:
        ConfigError: Two columns of one table have the same name.
    """
    found: dict[str, Section] = {}
    for one in sections:
        before = found.get(one.title, Section(one.title))
        lead = " ".join(dict.fromkeys(text for text in (before.lead, one.lead) if text))
        found[one.title] = Section(one.title, _joined_tables((*before.parts, *one.parts)), lead)
    return tuple(found.values())


def _joined_tables(parts: Iterable[Part]) -> tuple[Part, ...]:
    kept: list[Part] = []
    for part in parts:
        if isinstance(part, Table):
            _add(kept, part)
        else:
            kept.append(part)
    return tuple(kept)


def _add(kept: list[Part], table: Table) -> None:
    """The table at the end, or its columns beside those of a table with the same title and rows."""
    for place, other in enumerate(kept):
        if isinstance(other, Table) and (other.title, other.rows) == (table.title, table.rows):
            kept[place] = _beside(other, table)
            return
    kept.append(table)


def _beside(one: Table, other: Table) -> Table:
    columns = (*one.columns, *other.columns)
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError("one metric for each column", f"two for {twice}", cure="rename one of them")
    return replace(one, columns=columns)
