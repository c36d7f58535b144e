"""Charts of a score against how strongly pictures are disturbed."""

from collections.abc import Mapping, Sequence

import numpy as np

from saccade.view.pages.text import shortened
from saccade.view.plots.chart import Chart


def against_strength(
    curves: Mapping[str, Sequence[float | None]], strengths: Sequence[float], label: str, what: str = "strength"
) -> bytes:
    """One line a kind of disturbance, as SVG; points without a score are left out.

    Args:
        curves: The score at each strength, by the disturbance's name.
        strengths: Places of the points, rising.
        label: What the score is.
        what: What the places are.
    """
    with Chart(5.6, 3.1) as chart:
        for name, values in curves.items():
            known = [(s, v) for s, v in zip(strengths, values, strict=True) if v is not None and np.isfinite(v)]
            places, heights = [s for s, _ in known], [v for _, v in known]
            chart.axes.plot(places, heights, marker="o", markersize=3.5, label=shortened(name))
        values = [v for curve in curves.values() for v in curve if v is not None]
        if all(0 <= value <= 1 for value in values):
            chart.axes.set_ylim(0, 1.02)
        chart.axes.set_xlabel(what)
        chart.axes.set_ylabel(label)
        chart.axes.legend(loc="best", ncols=1 + len(curves) // 5)
        return chart.svg()
