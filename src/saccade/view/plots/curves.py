"""Charts of curves, such as an ROC, or precision against recall."""

from matplotlib.axes import Axes

from saccade.metrics.sections import Curve, Curves
from saccade.view.pages.text import shortened
from saccade.view.plots.chart import Chart

MOST_CURVES = 8


def curves(shown: Curves) -> bytes:
    """The curves with their areas; of many, the eight of the least area."""
    few = len(shown.curves) <= MOST_CURVES
    drawn = shown.curves if few else sorted(shown.curves, key=_area)[:MOST_CURVES]
    # Above a diagonal the lower right corner is free for the legend; otherwise it stands below.
    with Chart(4.8 if shown.diagonal else 5.6, 4.2) as chart:
        if shown.diagonal:
            chart.axes.plot([0, 1], [0, 1], color="#b6c0cc", linewidth=1, linestyle=(0, (4, 4)))
        for curve in drawn:
            _draw(chart.axes, curve)
        chart.axes.set(xlim=(0, shown.reach), ylim=(0, 1 if shown.diagonal else 1.02), yticks=[0.2, 0.4, 0.6, 0.8, 1])
        chart.axes.set_xticks([shown.reach * share for share in (0, 0.2, 0.4, 0.6, 0.8, 1)])
        chart.axes.set_xlabel(shown.x)
        chart.axes.set_ylabel(shown.y)
        if shown.diagonal:
            chart.axes.set_aspect("equal")
        title = shown.area if few else f"{shown.area},\nthe least of {len(shown.curves)}"
        if drawn and shown.diagonal:
            chart.axes.legend(loc="lower right", title=title, title_fontsize=9)
        elif drawn:
            chart.axes.legend(
                title=title, title_fontsize=9, alignment="left", loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2
            )
        return chart.svg()


def _area(curve: Curve) -> float:
    return 1 if curve.area is None else curve.area


def _draw(axes: Axes, curve: Curve) -> None:
    note = "" if curve.area is None else f"  {curve.area:.3f}"
    # So few points may be no line at all.
    marker = "o" if len(curve.x) <= 2 else None
    axes.plot(curve.x, curve.y, label=f"{shortened(curve.name)}{note}", clip_on=False, marker=marker, markersize=4)
