"""Charts of a data set: classes, sizes, where boxes are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from saccade.view.pages.text import shortened
from saccade.view.plots.chart import COLOURS, FAINT, INK, Chart

MOST_CLASSES = 30

Values = Mapping[str, Sequence[float] | np.ndarray]


def class_bars(counts: Mapping[str, Mapping[str, int]], label: str) -> bytes:
    """How often each class comes, a bar for each split; beyond 30 classes the 30 most frequent.

    Args:
        counts: For each split the count of each class.
        label: What is counted.
    """
    totals: dict[str, int] = {}
    for one in counts.values():
        for name, count in one.items():
            totals[name] = totals.get(name, 0) + count
    names = sorted(totals, key=lambda name: -totals[name])[:MOST_CLASSES]
    with Chart(5.6, max(1.2 + 0.3 * len(names), 2.2)) as chart:
        height = 0.8 / max(len(counts), 1)
        for place, (split, one) in enumerate(counts.items()):
            at = np.arange(len(names)) + (place - (len(counts) - 1) / 2) * height
            chart.axes.barh(at, [one.get(name, 0) for name in names], height * 0.9, color=_colour(place), label=split)
        chart.axes.set_yticks(range(len(names)), [shortened(name) for name in names], color=INK)
        chart.axes.set_ylim(len(names) - 0.4, -0.6)
        chart.axes.set_xlabel(label)
        chart.axes.grid(visible=False, axis="y")
        if len(counts) > 1:
            chart.axes.legend(loc="lower right")
        return chart.svg()


def heat(cells: Any) -> bytes:
    """How many boxes cover each part of the picture: (cells, cells) counts, the picture stretched to a square."""
    with Chart(4.6, 4.2) as chart:
        shades = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#bfd3fb", "#2563eb", "#173a8f"])
        shown = chart.axes.imshow(cells, cmap=shades, vmin=0, extent=(0, 1, 1, 0), interpolation="nearest")
        chart.axes.set_xticks([0, 0.5, 1], ["left", "", "right"])
        chart.axes.set_yticks([0, 0.5, 1], ["top", "", "bottom"])
        chart.axes.grid(visible=False)
        bar = chart.figure.colorbar(shown, ax=chart.axes, shrink=0.8)
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        bar.set_label("boxes", color=FAINT)
        return chart.svg()


def spread(values: Values, label: str, unit: str, ends: tuple[float, float] | None = None, log: bool = False) -> bytes:
    """How often values come, a line of bins for each split.

    Args:
        values: For each split its values.
        label: What they are.
        unit: What is counted.
        ends: The least and the greatest shown value; those of the data by default.
        log: Whether the values' axis is logarithmic.
    """
    every = np.concatenate([np.zeros(0), *(np.asarray(one, float) for one in values.values())])
    low, high = ends or ((float(every.min()), float(every.max())) if len(every) else (0.0, 1.0))
    high = high if high > low else low + 1
    bins = np.geomspace(max(low, 1e-3), high, 33) if log else np.linspace(low, high, 33)
    with Chart(5.6, 3.1) as chart:
        for place, (split, one) in enumerate(values.items()):
            counts, _ = np.histogram(np.clip(one, bins[0], bins[-1]), bins)
            chart.axes.stairs(counts, bins, fill=True, color=_colour(place), alpha=0.35)
            chart.axes.stairs(counts, bins, color=_colour(place), linewidth=1.6, label=split)
        if log:
            chart.axes.set_xscale("log")
            ticks = [tick for tick in (0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10, 100) if bins[0] <= tick <= bins[-1]]
            chart.axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            chart.axes.minorticks_off()
        chart.axes.set_xlabel(label)
        chart.axes.set_ylabel(unit)
        if len(values) > 1:
            chart.axes.legend(loc="upper right")
        return chart.svg()


def picture_sizes(sizes: Mapping[str, Mapping[tuple[int, int], int]]) -> bytes:
    """Each size (H, W) of pictures as a dot, whose area tells how many have it."""
    with Chart(5.6, 3.6) as chart:
        most = max((count for one in sizes.values() for count in one.values()), default=1)
        for place, (split, one) in enumerate(sizes.items()):
            area = [20 + 280 * count / most for count in one.values()]
            x, y = [width for _, width in one], [height for height, _ in one]
            chart.axes.scatter(x, y, area, color=_colour(place), alpha=0.45, linewidths=0, label=split)
        chart.axes.set_xlabel("width, pixels")
        chart.axes.set_ylabel("height, pixels")
        chart.axes.margins(0.12)
        if len(sizes) > 1:
            for handle in chart.axes.legend(loc="best").legend_handles:
                if handle is not None and hasattr(handle, "set_sizes"):
                    handle.set_sizes([40])  # pyright: ignore[reportAttributeAccessIssue]
        return chart.svg()


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]
