"""Charts of a score against what it costs, and the front of those that nobody beats in both."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.ticker import FuncFormatter, NullFormatter

from saccade.view.pages.text import shortened
from saccade.view.plots.chart import COLOURS, FAINT, Chart


class Point(NamedTuple):
    """One network.

    Attributes:
        name: What stands beside it.
        cost: What it costs, above 0.
        score: How good it is.
        low: Lower end of the score's interval, or None.
        high: Its upper end.
        able: Whether it may win; others are hollow, and no part of the front.
    """

    name: str
    cost: float
    score: float
    low: float | None = None
    high: float | None = None
    able: bool = True


def front(points: Sequence[Point], higher_is_better: bool = True) -> list[Point]:
    """The points that no other beats: none costs as little or less and scores better; by rising cost."""
    sign = 1 if higher_is_better else -1
    found: list[Point] = []
    for point in sorted((one for one in points if one.able), key=lambda one: (one.cost, -sign * one.score)):
        if not found or sign * point.score > sign * found[-1].score:
            found.append(point)
    return found


def against_cost(points: Sequence[Point], cost: str, score: str, higher_is_better: bool = True) -> bytes:
    """Score against cost, on a logarithmic axis where costs differ tenfold, as SVG; a line joins the front.

    Args:
        points: One or more.
        cost: What the costs are, for the axis.
        score: What the scores are.
        higher_is_better: Which way is better.
    """
    with Chart(5.6, 3.6) as chart:
        axes = chart.axes
        ahead = front(points, higher_is_better)
        # Who may spend more than the costliest of the front gets nothing better for it.
        reach = [*(one.cost for one in ahead), *(max(one.cost for one in points) for _ in ahead[:1])]
        heights = [*(one.score for one in ahead), *(one.score for one in ahead[-1:])]
        axes.step(reach, heights, where="post", color=FAINT, linewidth=1.2)
        for number, one in enumerate(points):
            colour = COLOURS[number % len(COLOURS)]
            if one.low is not None and one.high is not None:
                axes.plot([one.cost, one.cost], [one.low, one.high], color=colour, alpha=0.45, linewidth=1.4)
            face = colour if one.able else "white"
            axes.plot(one.cost, one.score, "o", markersize=7, color=colour, markerfacecolor=face)
            axes.annotate(
                shortened(one.name), (one.cost, one.score), xytext=(7, 5), textcoords="offset points", fontsize=9
            )
        costs = [one.cost for one in points]
        if min(costs) > 0 and max(costs) / min(costs) >= 10:
            axes.set_xscale("log")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.margins(x=0.18, y=0.15)
        axes.set_xlabel(cost)
        axes.set_ylabel(score)
        return chart.svg()


def short(value: float) -> str:
    """A number in few characters: ``0.5``, ``300``, ``2 k``, ``5 M``, ``1.5 G``."""
    unit, name = next(((u, n) for u, n in ((1e9, " G"), (1e6, " M"), (1e3, " k")) if abs(value) >= u), (1.0, ""))
    return f"{value / unit:g}{name}"


def intervals(points: Sequence[Point], score: str) -> bytes:
    """The scores below one another with their intervals, as SVG; `cost` is not looked at."""
    with Chart(5.6, 0.9 + 0.42 * max(len(points), 2)) as chart:
        axes = chart.axes
        for number, one in enumerate(points):
            colour, height = COLOURS[number % len(COLOURS)], len(points) - number
            if one.low is not None and one.high is not None:
                axes.plot([one.low, one.high], [height, height], color=colour, linewidth=3, alpha=0.45)
            axes.plot(
                one.score, height, "o", markersize=7, color=colour, markerfacecolor=colour if one.able else "white"
            )
        axes.set_yticks(range(len(points), 0, -1), [shortened(one.name) for one in points])
        axes.set_ylim(0.4, len(points) + 0.6)
        axes.set_xlabel(score)
        axes.grid(visible=False, axis="y")
        return chart.svg()
