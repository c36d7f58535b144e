"""Charts as SVG bytes: one style, one canvas, no state of pyplot.

Each chart is a `Chart`, drawn on a white card and used as a picture of its own (``<img>``), so that nothing inside it
can run in a page.
"""

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from saccade.view.pages.text import shortened

INK, FAINT, GRID = "#1f2933", "#6b7785", "#e6eaef"
COLOURS = ("#2563eb", "#ea7317", "#0d9f6e", "#b83280", "#7c5cdb", "#0e8fb0", "#c2410c", "#65758b", "#a38a00", "#d0455e")
MOST_POINTS = 600

_STYLE: Any = {
    "axes.edgecolor": "#c3cbd5",
    "axes.grid": True,
    "axes.labelcolor": FAINT,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.family": "sans-serif",
    "font.size": 10,
    "grid.color": GRID,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",  # letters stay letters: small files, and the reader's own fonts
    "svg.hashsalt": "saccade",  # the same chart has the same bytes
    "text.color": INK,
    "text.parse_math": False,  # a class named "$x$" is no formula
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


class Svg(bytes):
    """A chart's SVG, which a notebook shows as a picture."""

    def _repr_svg_(self) -> str:
        return self.decode("utf-8")

    def __repr__(self) -> str:
        """Its size alone: a page has no room for the drawing as text."""
        return f"<SVG of {len(self)} bytes>"


class Chart:
    """A figure in the house's style, of `width` × `height` inches.

    Use it as a context: ``with Chart(6, 3) as chart: chart.axes.plot(…)``, then `svg` or `png`.
    """

    def __init__(self, width: float, height: float) -> None:
        self._style = mpl.rc_context(_STYLE)
        self._size = (width, height)

    def __enter__(self) -> "Chart":
        self._style.__enter__()
        self.figure = Figure(figsize=self._size, layout="constrained")
        self.axes: Axes = self.figure.add_subplot()
        self.axes.set_axisbelow(True)
        self.axes.set_prop_cycle(color=COLOURS)
        return self

    def __exit__(self, *error: Any) -> None:
        self._style.__exit__(*error)

    def svg(self) -> Svg:
        """The drawing as SVG."""
        return Svg(self._save("svg", metadata={"Date": None, "Creator": None}))

    def png(self, dpi: int = 144) -> bytes:
        """The drawing as PNG."""
        return self._save("png", dpi=dpi)

    def _save(self, kind: str, **options: Any) -> bytes:
        stream = io.BytesIO()
        with warnings.catch_warnings():
            # Letters that matplotlib's own font lacks are found by the browser.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            self.figure.savefig(stream, format=kind, **options)
        return stream.getvalue()


class Line(NamedTuple):
    """One line of a chart over the steps of a training.

    Attributes:
        name: What the legend says.
        steps: Places of its points.
        values: Heights of its points; None leaves a point out.
        smooth: Whether a running mean is drawn over the faint line.
        better: Whether the place of its best value is marked: ``low``, ``high`` or not at all.
    """

    name: str
    steps: Sequence[float]
    values: Sequence[float | None]
    smooth: bool = False
    better: str | None = None


def lines(drawn: Sequence[Line], *, label: str = "", fractions: bool = False) -> bytes:
    """Lines over the steps of a training: losses, scores or learning rates.

    Args:
        drawn: The lines, in the order of the legend.
        label: What the heights are.
        fractions: Whether heights are fractions, shown on 0..1.
    """
    many = len(drawn) > 4  # their legend stands below, since it would hide lines
    with Chart(5.6, 3.6 if many else 3.1) as chart:
        axes = chart.axes
        for line, colour in zip(drawn, _repeated(len(drawn)), strict=True):
            _draw_line(axes, line, colour)
        axes.set_xlabel("step")
        axes.set_ylabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        if fractions:
            axes.set_ylim(0, 1.02)
        else:
            axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
        if many:
            columns = 4 if all(len(line.name) <= 12 for line in drawn) else 2
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.18), ncols=columns, columnspacing=1.2)
        elif len(drawn) > 1:
            axes.legend(loc="best")
        return chart.svg()


def _draw_line(axes: Axes, line: Line, colour: str) -> None:
    points = [(s, v) for s, v in zip(line.steps, line.values, strict=True) if v is not None and np.isfinite(v)]
    x, y = (np.array([point[i] for point in points], dtype=float) for i in (0, 1))
    name = shortened(line.name)
    if line.smooth and len(x) >= 20:
        axes.plot(*_thinned(x, y), color=colour, alpha=0.22, linewidth=1)
        x, y = x, running_mean(y, max(len(y) // 50, 5))
    marker = "o" if len(x) <= 30 and not line.smooth else None
    axes.plot(*_thinned(x, y), color=colour, label=name, marker=marker, markersize=3.5)
    if line.better and len(y):
        best = int(y.argmin() if line.better == "low" else y.argmax())
        axes.plot(x[best], y[best], "o", color=colour, markersize=7, markeredgecolor="white", markeredgewidth=1.5)


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of each value and its neighbours within `width` places; the ends have fewer neighbours."""
    kernel = np.ones(width)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(x) <= MOST_POINTS:
        return x, y
    chosen = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).round().astype(int))
    return x[chosen], y[chosen]


def _repeated(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def histogram(families: Mapping[str, Sequence[int]], label: str, what: str = "pictures") -> bytes:
    """Counts over 0..1 in equal bins, families stacked: ``{"right": …, "wrong": …}``."""
    colours = {"right": COLOURS[2], "wrong": COLOURS[9]}
    with Chart(5.6, 3.1) as chart:
        floor = np.zeros(len(next(iter(families.values()))))
        for i, (name, counts) in enumerate(families.items()):
            left = np.arange(len(counts)) / len(counts)
            colour = colours.get(name, COLOURS[i % len(COLOURS)])
            chart.axes.bar(left, counts, 0.9 / len(counts), floor, align="edge", color=colour, label=shortened(name))
            floor = floor + np.array(counts)
        chart.axes.set_xlim(0, 1)
        chart.axes.set_xlabel(label)
        chart.axes.set_ylabel(what)
        chart.axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, prune="lower"))
        chart.axes.grid(visible=False, axis="x")
        chart.axes.legend(loc="best")
        return chart.svg()
