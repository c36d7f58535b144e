"""What an evaluation found: plain data for the terminal, JSON and the report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor


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


class Judged(NamedTuple):
    """A picture and how wrong the guess was: 0 is perfect, 1 wholly wrong."""

    id: str
    badness: float


class ErrorShare(NamedTuple):
    """One kind of error of detection.

    Attributes:
        kind: ``classification``, ``localization``, ``both``, ``duplicate``, ``background`` or ``missed``;
            ``false_positive`` and ``false_negative`` are all of the first five, and all objects that are not found.
        number: How many guesses, or objects, are wrong that way.
        gain: The AP (overlap .5) that mending this kind alone would add; None where AP is undefined.
    """

    kind: str
    number: int
    gain: float | None


@dataclass(frozen=True)
class ObjectErrors:
    """What stands behind the scores of a detector.

    Attributes:
        shares: The kinds of errors, of all guesses whatever their score.
        threshold: The score of the greatest F1 over all classes together, which the confusion is drawn at; None where
            nothing determines it.
        confusion: (C + 1, C + 1) int64: rows by truth, columns by guess; the last row has guesses where no object is,
            the last column objects that no guess lies on.
    """

    shares: tuple[ErrorShare, ...]
    threshold: float | None
    confusion: Tensor


@dataclass(frozen=True)
class Details:
    """What stands behind the scores of one metric.

    Attributes:
        per_class: Columns of C values by name; None where undefined.
        confusion: (C, C) int64, rows by truth.
        curves: Families of curves by name, such as ``roc``.
        histograms: Families of 20 counts over 0..1 by name, such as ``confidence``: {"right": …, "wrong": …}.
        objects: Errors of a detector, and what it takes for what.
    """

    per_class: Mapping[str, list[float | None]] = field(default_factory=dict)
    confusion: Tensor | None = None
    curves: Mapping[str, tuple[Curve, ...]] = field(default_factory=dict)
    histograms: Mapping[str, Mapping[str, list[int]]] = field(default_factory=dict)
    objects: ObjectErrors | None = None


@dataclass(frozen=True)
class Evaluation:
    """How good the guesses of a data set are.

    Attributes:
        scores: Fractions 0..1 by name; None where undefined.
        classes: C names.
        pictures: How many were judged.
        details: What stands behind the scores.
        judged: All pictures that some metric had a say about, the worst first.
    """

    scores: Mapping[str, float | None]
    classes: tuple[str, ...] = ()
    pictures: int = 0
    details: Details = field(default_factory=Details)
    judged: tuple[Judged, ...] = ()

    def worst(self, count: int) -> tuple[Judged, ...]:
        """The pictures that were got most wrong, the worst first."""
        return self.judged[:count]

    def typical(self, count: int) -> tuple[Judged, ...]:
        """Pictures spread evenly over all ranks, from worse to better: an honest sample."""
        total = len(self.judged)
        places = range(total) if total <= count else [int((i + 0.5) * total / count) for i in range(count)]
        return tuple(self.judged[place] for place in places)
