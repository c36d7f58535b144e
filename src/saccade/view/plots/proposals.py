"""Charts of what proposals cover."""

from collections.abc import Mapping, Sequence

from saccade.view.pages.text import shortened
from saccade.view.plots.chart import Chart


def against_counts(curves: Mapping[str, Sequence[float | None]], counts: Sequence[int], label: str) -> bytes:
    """One line a curve over the number of proposals, on a scale of powers of ten, as SVG.

    Args:
        curves: The value at each number, by name; unknown ones are left out.
        counts: Numbers of proposals, rising.
        label: What the values are.
    """
    with Chart(5.6, 3.1) as chart:
        for name, values in curves.items():
            known = [(c, v) for c, v in zip(counts, values, strict=True) if v is not None]
            chart.axes.plot(
                [c for c, _ in known], [v for _, v in known], marker="o", markersize=3.5, label=shortened(name)
            )
        chart.axes.set_xscale("log")
        # A scale of powers names them in formulas, which a chart of plain text would show as they are written.
        chart.axes.set_xticks(counts, [str(count) for count in counts])
        chart.axes.minorticks_off()
        chart.axes.set_ylim(0, 1.02)
        chart.axes.set_xlabel("proposals a picture")
        chart.axes.set_ylabel(label)
        chart.axes.legend(loc="best")
        return chart.svg()
