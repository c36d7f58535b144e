"""The section of a page that shows how a network arranges pictures: scatters, and neighbours."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saccade.view.pages.feature_view import FeatureView, Neighbour
from saccade.view.pages.markup import Markup, element, joined, photo
from saccade.view.pages.sections import figure
from saccade.view.pages.text import shortened
from saccade.view.plots.chart import COLOURS, FAINT, Chart

MOST_NAMES = 20
MARKS = ("o", "s", "^", "D")
LEAD = "Each dot is a picture, coloured by its true class. What lies together is alike to the network."
NEIGHBOURS = "A picture at the left, and those that the network takes for most like it. Red: of another class."


def features(view: FeatureView | None) -> Markup | None:
    """The section, or None where there is nothing to show."""
    if view is None or not view.scatters:
        return None
    charts = [
        figure(title, lead, scatter(places, view.labels, view.classes))
        for (title, lead), places in view.scatters.items()
    ]
    rows = [_row(asked, found) for asked, found in view.neighbours]
    near = joined(
        element("h3", "Nearest pictures"), element("p", NEIGHBOURS, class_="lead"), element("div", *rows, class_="near")
    )
    return joined(
        element("h2", "Features"),
        element("p", f"{LEAD} Map: {view.layer}.", class_="lead"),
        element("div", *charts, element("div", near, class_="card wide") if rows else None, class_="grid"),
    )


def scatter(places: NDArray[np.float32], labels: NDArray[np.int64], classes: Sequence[str]) -> bytes:
    """Dots (N, 2) in the colours of their classes (N,); those of no class are grey."""
    with Chart(5.6, 4.6) as chart:
        shown = [label for label in range(-1, len(classes)) if bool((labels == label).any())]
        for label in shown:
            own = places[labels == label]
            colour = FAINT if label < 0 else COLOURS[label % len(COLOURS)]
            mark = MARKS[max(label, 0) // len(COLOURS) % len(MARKS)]
            name = "no class" if label < 0 else shortened(classes[label])
            size = 26 if len(places) <= 400 else 10
            chart.axes.scatter(
                own[:, 0], own[:, 1], s=size, c=colour, marker=mark, alpha=0.75, linewidths=0, label=name
            )
        chart.axes.set_xticks([])
        chart.axes.set_yticks([])
        chart.axes.margins(0.06)
        chart.axes.spines[["left", "bottom"]].set_visible(False)
        if 1 < len(shown) <= MOST_NAMES:
            many = len(shown) > 5
            chart.figure.legend(loc="outside lower center", ncols=min(len(shown), 5), fontsize=8.5 if many else 9.5)
        return chart.svg()


def _row(asked: Neighbour, found: Sequence[Neighbour]) -> Markup:
    return element("div", _picture(asked, "asked"), *[_picture(one, _kind(one)) for one in found], class_="row")


def _kind(neighbour: Neighbour) -> str | None:
    return "other" if neighbour.same is False else None


def _picture(neighbour: Neighbour, kind: str | None) -> Markup:
    return element(
        "div", photo(neighbour.picture, neighbour.caption, 200), element("small", neighbour.caption), class_=kind
    )
