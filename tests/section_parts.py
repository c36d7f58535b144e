"""What metrics tell the report, for tests to look at."""

from collections.abc import Iterable
from typing import TypeVar

from saccade.metrics.metric import Reports
from saccade.metrics.sections import Bars, Curves, Histogram, Matrix, Section, Table

Kind = TypeVar("Kind", Table, Curves, Matrix, Bars, Histogram)


def parts(told: Iterable[Section] | Reports, kind: type[Kind]) -> list[Kind]:
    """All parts of one kind, of a metric or of an evaluation's sections."""
    sections = told.sections() if isinstance(told, Reports) else told
    return [part for section in sections for part in section.parts if isinstance(part, kind)]


def table(metric: Reports) -> Table:
    """The table of classes, which comes first."""
    return parts(metric, Table)[0]
