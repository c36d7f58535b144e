"""Charts of a detector: precision against recall."""

from collections.abc import Sequence

from saccade.view.plot import Chart
from saccade.view.plot_classes import Points
from saccade.view.text import shortened

MOST_CURVES = 8


def precision_recall(curves: Sequence[Points]) -> bytes:
    """Precision over recall of each class (name, recalls, precisions, AP); of many, the eight of the least AP."""
    few = len(curves) <= MOST_CURVES
    shown = curves if few else sorted(curves, key=lambda c: 1 if c[3] is None else c[3])[:MOST_CURVES]
    with Chart(5.6, 4.2) as chart:
        for name, recall, precision, area in shown:
            note = "" if area is None else f"  {area:.3f}"
            # From the first right guess on; a class that none finds is a dot at the corner.
            start = (0.0, *recall), (precision[0] if len(precision) else 0.0, *precision)
            marker = "o" if len(recall) <= 1 else None
            chart.axes.plot(*start, label=f"{shortened(name)}{note}", clip_on=False, marker=marker, markersize=4)
        chart.axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=[0, 0.2, 0.4, 0.6, 0.8, 1], yticks=[0.2, 0.4, 0.6, 0.8, 1])
        chart.axes.set_xlabel("recall")
        chart.axes.set_ylabel("precision")
        if shown:
            title = "AP at this overlap" if few else f"AP, the least of {len(curves)} classes"
            chart.axes.legend(
                title=title, title_fontsize=9, alignment="left", loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2
            )
        return chart.svg()
