"""The page of what proposals cover: one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from saccade.metrics.proposals import Coverage
from saccade.trust.atomic import write_text
from saccade.view import sections
from saccade.view.markup import Markup, element, joined
from saccade.view.page import hero, page
from saccade.view.plot_proposals import against_counts
from saccade.view.text import score as told

LEAD = "What share of the objects the first so many proposals of a picture cover."
OVERLAPS = (0.5, 0.7, 0.9)


def write_proposals(
    path: str | Path, title: str, facts: Mapping[str, str], found: Coverage, classes: Sequence[str]
) -> None:
    """Writes the page, whole or not at all.

    Args:
        path: The file.
        title: What proposed.
        facts: Short facts below the title.
        found: What was covered.
        classes: Names of the classes.

    Raises:
        ResourceError: The disk is full.
    """
    recalls = {f"IoU {overlap:g}": found.recall(overlap) for overlap in OVERLAPS}
    means = {"AR": found.average_recall(), "AR, COCO's": found.coco_recall()}
    means["MABO"] = [found.mean_best_overlap(place) for place in range(len(found.counts))]
    charts = [
        sections.figure("Recall", "by least overlap", against_counts(recalls, found.counts, "recall")),
        sections.figure("Means", "over all overlaps, and of the best", against_counts(means, found.counts, "mean")),
    ]
    curves = joined(
        element("h2", "Coverage"), element("p", LEAD, class_="lead"), element("div", *charts, class_="grid")
    )
    rows = [
        [str(count), *(told(values[place]) for values in (recalls | means).values())]
        for place, count in enumerate(found.counts)
    ]
    by_class = [[_name(classes, label), told(value)] for label, value in sorted(found.best_overlap().items())]
    parts = {
        "coverage": ("Coverage", curves),
        "numbers": ("Numbers", _table("Numbers", ["Proposals", *recalls, *means], rows)),
        "classes": ("Classes", _table("Average best overlap", ["Class", "ABO"], by_class)),
    }
    write_text(path, page(f"{title}: proposals", hero("saccade, proposals", title, facts), parts))


def _name(classes: Sequence[str], label: int) -> str:
    return classes[label] if 0 <= label < len(classes) else "without class"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    top = element("tr", *[element("th", element("button", name, type="button")) for name in head])
    body = [element("tr", *[element("td", cell, data_value=cell) for cell in row]) for row in rows]
    table = element("table", element("thead", top), element("tbody", *body))
    return joined(element("h2", title), element("div", element("div", table, class_="scroll"), class_="card"))
