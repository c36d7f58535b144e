"""The page of what proposals cover: one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from saccade.metrics.detect.proposals import Coverage
from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages import sections
from saccade.view.pages.markup import Markup, element, joined
from saccade.view.pages.page import hero, page
from saccade.view.pages.text import score as told
from saccade.view.plots.proposals import against_counts

LEAD = "What share of the objects the first so many proposals of a picture cover."
BESIDE = "The same pictures and objects, by each of the searches."
OVERLAPS = (0.5, 0.7, 0.9)


def write_proposals(
    path: str | Path, facts: Mapping[str, str], found: Mapping[str, Coverage], classes: Sequence[str]
) -> None:
    """Writes the page, whole or not at all.

    Args:
        path: The file.
        facts: Short facts below the title.
        found: What was covered, by what proposed; the first is what the page tells of, the others stand beside it.
        classes: Names of the classes.

    Raises:
        ResourceError: The disk is full.
    """
    title, first = next(iter(found.items()))
    recalls = {f"IoU {overlap:g}": first.recall(overlap) for overlap in OVERLAPS}
    means = {"AR": first.average_recall(), "AR, COCO's": first.coco_recall(), "MABO": _mabo(first)}
    charts = [
        sections.figure("Recall", "by least overlap", against_counts(recalls, first.counts, "recall")),
        sections.figure("Means", "over all overlaps, and of the best", against_counts(means, first.counts, "mean")),
    ]
    rows = [
        [str(count), *(told(values[place]) for values in (recalls | means).values())]
        for place, count in enumerate(first.counts)
    ]
    by_class = [[_name(classes, label), told(value)] for label, value in sorted(first.best_overlap().items())]
    parts = {
        "coverage": ("Coverage", _charts("Coverage", LEAD, charts)),
        **(_beside(found) if len(found) > 1 else {}),
        "numbers": ("Numbers", _table("Numbers", ["Proposals", *recalls, *means], rows)),
        "classes": ("Classes", _table("Average best overlap", ["Class", "ABO"], by_class)),
    }
    write_text(path, page(f"{title}: proposals", hero("saccade, proposals", title, facts), parts))


def _beside(found: Mapping[str, Coverage]) -> dict[str, tuple[str, Markup]]:
    """Charts with a line, and a table with a row, for each of several that proposed."""
    counts = next(iter(found.values())).counts
    columns = {
        "Recall at IoU .5": {name: covered.recall(0.5) for name, covered in found.items()},
        "Recall at IoU .7": {name: covered.recall(0.7) for name, covered in found.items()},
        "AR": {name: covered.average_recall() for name, covered in found.items()},
        "MABO": {name: _mabo(covered) for name, covered in found.items()},
    }
    charts = [
        sections.figure(title, "by search", against_counts(values, counts, title)) for title, values in columns.items()
    ]
    head = [f"{title}, {counts[-1]}" for title in columns]
    rows = [[name, *(told(values[name][-1]) for values in columns.values())] for name in found]
    return {
        "beside": ("Beside others", _charts("Beside others", BESIDE, charts)),
        "sides": ("Side by side", _table("Side by side", ["Search", *head], rows)),
    }


def _mabo(found: Coverage) -> list[float | None]:
    return [found.mean_best_overlap(place) for place in range(len(found.counts))]


def _charts(title: str, lead: str, charts: Sequence[Markup]) -> Markup:
    return joined(element("h2", title), element("p", lead, class_="lead"), element("div", *charts, class_="grid"))


def _name(classes: Sequence[str], label: int) -> str:
    return classes[label] if 0 <= label < len(classes) else "without class"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    top = element("tr", *[element("th", element("button", name, type="button")) for name in head])
    body = [element("tr", *[element("td", cell, data_value=cell) for cell in row]) for row in rows]
    table = element("table", element("thead", top), element("tbody", *body))
    return joined(element("h2", title), element("div", element("div", table, class_="scroll"), class_="card"))
