"""The sections of a report that look at each class. Each gives None where it has nothing to say."""

from collections.abc import Mapping, Sequence

from saccade.metrics.evaluation import Details
from saccade.metrics.scores import SCORES, describe
from saccade.view import plot, plot_classes
from saccade.view.markup import Markup, element, joined
from saccade.view.object_sections import CURVES, threshold
from saccade.view.sections import figure
from saccade.view.text import score

WIDE = 14
COUNTS = frozenset({"support", "positives", "objects"})
THRESHOLDS = frozenset({"box_threshold"})
TITLES = {
    "support": "Pictures",
    "positives": "Pictures",
    "f1": "F1",
    "average_precision": "AP",
    "label_auc": "AUC of label",
    "label_recall": "Recall of label",
    "box_recall": "Recall",
    "box_threshold": "Best threshold",
    "box_f1": "F1 there",
}


def classes(columns: Mapping[str, Sequence[float | None]], names: Sequence[str]) -> Markup | None:
    """A table with a row a class that a click on a column sorts."""
    if not columns or not names:
        return None
    heads = [element("th", element("button", title, type="button")) for title in ["Class", *map(_title, columns)]]
    barred = _telling(columns)
    rows = [
        element(
            "tr", element("td", name, data_value=name), *[_cell(key, c[k], key == barred) for key, c in columns.items()]
        )
        for k, name in enumerate(names)
    ]
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows))
    return joined(
        element("h2", "Classes"),
        element("p", _lead(columns), class_="lead"),
        element("div", element("div", table, class_="scroll"), class_="card"),
    )


def _lead(columns: Mapping[str, Sequence[float | None]]) -> str:
    told = "Click on a column to sort by it. A dash: the data does not determine it."
    if "box_threshold" in columns:
        told += " Best threshold: the score to keep guesses of the class by, where its F1 (IoU ≥ .5) is greatest."
    return told


def _title(column: str) -> str:
    known = TITLES.get(column) or (describe(column).title if column in SCORES else None)
    return known or column.replace("_", " ").capitalize()


def _telling(columns: Mapping[str, Sequence[float | None]]) -> str | None:
    """The column that says most about a class, of those that there are."""
    return next((name for name in ("f1", "average_precision", "AP", "iou") if name in columns), None)


def _cell(column: str, value: float | None, barred: bool) -> Markup:
    if value is None:
        return element("td", "–", class_="none", data_value="")
    if column in COUNTS:
        return element("td", f"{value:,.0f}", data_value=str(value))
    if column in THRESHOLDS:
        return element("td", threshold(value), data_value=f"{value:.6f}")
    if not barred:
        return element("td", score(value), data_value=f"{value:.6f}")
    bar = element("span", element("i", style=f"width:{100 * min(max(value, 0), 1):.1f}%"), class_="bar")
    return element("td", bar, element("span", score(value), class_="number"), data_value=f"{value:.6f}")


def mistakes(details: Details, names: Sequence[str]) -> Markup | None:
    """Confusion, ROC curves, the weakest classes and how confident right and wrong guesses were."""
    cards = [*_confusion(details, names), *_rocs(details), *_weakest(details, names), *_histograms(details)]
    if not cards:
        return None
    lead = element("p", "What is taken for what, and how sure of it.", class_="lead")
    return joined(element("h2", "Mistakes"), lead, element("div", *cards, class_="grid"))


def _confusion(details: Details, names: Sequence[str]) -> list[Markup]:
    if details.confusion is None or not names:
        return []
    many = len(names) > plot_classes.MOST_CELLS
    lead = "The pairs most often confused." if many else "Rows: truth, columns: guess. Shade: share of the row."
    svg = plot_classes.confusion(details.confusion.numpy(), names)
    return [figure("Confusion", lead, svg, wide=len(names) > WIDE and not many)]


def _rocs(details: Details) -> list[Markup]:
    lead = "Each class against the rest."
    titles = {"roc": "ROC", "label_roc": "ROC of labels"}
    known = {name: curves for name, curves in details.curves.items() if curves and not name.startswith(CURVES)}
    return [figure(titles.get(name, name), lead, plot_classes.roc(curves)) for name, curves in known.items()]


def _weakest(details: Details, names: Sequence[str]) -> list[Markup]:
    column = _telling(details.per_class)
    if column is None or len(names) < 2:
        return []
    svg = plot_classes.bars(details.per_class[column], names, _title(column))
    return [figure("Weakest classes first", f"By {_title(column)}.", svg)]


def _histograms(details: Details) -> list[Markup]:
    known = {name: counts for name, counts in details.histograms.items() if any(map(sum, counts.values()))}
    lead = "Of the best guess of each picture."
    return [figure(name.capitalize(), lead, plot.histogram(counts, name)) for name, counts in known.items()]
