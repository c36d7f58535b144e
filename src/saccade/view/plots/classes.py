"""Charts of the classes: what is taken for what, a score of each class.

Legend: C classes, R rows, K columns.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from saccade.view.pages.text import percent, shortened
from saccade.view.plots.chart import COLOURS, FAINT, GRID, INK, Chart

MOST_CELLS = 40
MOST_NUMBERS = 16
MOST_PAIRS = 20
MOST_BARS = 20
_LARGE = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


class Pair(NamedTuple):
    """Two classes that are taken for each other: pictures of `truth` predicted as `prediction`."""

    truth: int
    prediction: int
    pictures: int
    share: float


def confused_pairs(matrix: np.ndarray, most: int = MOST_PAIRS) -> list[Pair]:
    """The most frequent mistakes of a confusion matrix (C, C), rows by truth; `share` is of the truth's pictures."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    support = matrix.sum(1)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = [divmod(int(place), len(matrix)) for place in order]
    return [Pair(t, g, int(wrong[t, g]), float(wrong[t, g] / support[t])) for t, g in places if wrong[t, g]]


def shared(rows: Sequence[str], columns: Sequence[str]) -> int:
    """How many names rows and columns both begin with: the classes that can be taken for each other."""
    alike = [row == column for row, column in zip(rows, columns, strict=False)]
    return alike.index(False) if False in alike else len(alike)


def confusion(
    matrix: np.ndarray, rows: Sequence[str], columns: Sequence[str] | None = None, what: str = "pictures"
) -> bytes:
    """A confusion matrix (R, K), rows by truth; beyond 40 classes the pairs most often confused.

    Args:
        matrix: (R, K) counts.
        rows: R names.
        columns: K names, where they are others; those that both begin with are classes.
        what: What is counted.
    """
    columns = rows if columns is None else columns
    classes = shared(rows, columns)
    if classes > MOST_CELLS:
        return _pairs(confused_pairs(matrix[:classes, :classes]), rows, what)
    side = float(np.clip(2.2 + 0.34 * len(rows), 4.2, 10))
    with Chart(side + 0.6, side) as chart:
        support = matrix.sum(1, keepdims=True)
        shares = np.divide(matrix, support, out=np.zeros(matrix.shape), where=support > 0)
        shades = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#bfd3fb", "#2563eb", "#173a8f"])
        chart.axes.imshow(shares, cmap=shades, vmin=0, vmax=1, aspect="equal")
        _name_cells(chart.axes, *([shortened(name, 18) for name in names] for names in (rows, columns)))
        if len(rows) <= MOST_NUMBERS:
            _number_cells(chart.axes, matrix, shares)
        return chart.svg()


def _name_cells(axes: Axes, rows: list[str], columns: list[str]) -> None:
    small = 10 if len(rows) <= 16 else 8 if len(rows) <= 26 else 7.5
    upright = max(map(len, columns), default=0) <= 5 and len(columns) <= 12
    axes.set_xticks(range(len(columns)), columns, fontsize=small, rotation=0 if upright else 90, color=INK)
    axes.set_yticks(range(len(rows)), rows, fontsize=small, color=INK)
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(visible=False)
    axes.grid(which="minor", color=GRID, linewidth=0.8)
    axes.tick_params(which="minor", length=0)
    axes.set_xlabel("prediction")
    axes.set_ylabel("truth")


def _number_cells(axes: Axes, matrix: np.ndarray, shares: np.ndarray) -> None:
    small = 11 if len(matrix) <= 8 else 8
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            colour = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, brief(int(count)), ha="center", va="center", fontsize=small, color=colour)


def brief(count: int) -> str:
    """A count that fits into a cell: from ten thousand on in thousands, then in millions and billions."""
    if count < 10_000:
        return f"{count:,}"
    size, letter = next(((size, letter) for size, letter in _LARGE if count >= size))
    return f"{count / size:.3g}{letter}" if count < 999.5 * size else f"{count / size:.0f}{letter}"


def _pairs(pairs: Sequence[Pair], classes: Sequence[str], what: str) -> bytes:
    names = [f"{shortened(classes[p.truth], 18)} → {shortened(classes[p.prediction], 18)}" for p in pairs]
    notes = [f"{p.pictures:,}  ({percent(p.share, 0)})" for p in pairs]
    return _bars([p.share for p in pairs], names, notes, f"share of the true class's {what}")


def bars(values: Sequence[float | None], classes: Sequence[str], label: str) -> bytes:
    """One score 0..1 a class, the lowest first; beyond 20 classes the 20 lowest. Undefined ones are left out."""
    known = sorted((value, i) for i, value in enumerate(values) if value is not None)[:MOST_BARS]
    names = [shortened(classes[i]) for _, i in known]
    return _bars([value for value, _ in known], names, [percent(value) for value, _ in known], label)


def _bars(values: Sequence[float], names: Sequence[str], notes: Sequence[str], label: str) -> bytes:
    with Chart(5.6, max(1.1 + 0.27 * len(values), 2.0)) as chart:
        places = range(len(values))
        chart.axes.barh(places, [1] * len(values), 0.62, color="#f1f4f8")
        chart.axes.barh(places, values, 0.62, color=COLOURS[0])
        for place, note in zip(places, notes, strict=True):
            chart.axes.text(1.02, place, note, va="center", fontsize=9, color=FAINT)
        chart.axes.set_yticks(places, names, color=INK)
        chart.axes.set_ylim(len(values) - 0.4, -0.6)
        chart.axes.set_xlim(0, 1.0)
        chart.axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        chart.axes.set_xlabel(label)
        chart.axes.grid(visible=False, axis="y")
        chart.axes.spines[["left", "bottom"]].set_visible(False)
        return chart.svg()
