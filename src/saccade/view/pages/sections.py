"""The sections of a report. Each gives None where it has nothing to say."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from saccade.metrics.scores import score_of, telling
from saccade.view.pages.content import GalleryItem, Panel
from saccade.view.pages.markup import Markup, chart, element, joined, photo
from saccade.view.plots import chart as plot

WORST = "Where the prediction was furthest from the truth. Wrong labels hide here too: look at the truth as well."
TYPICAL = "An even sample of all pictures, from worse to better."
SEEN = "Weights of the first layer, and where the evidence for the predicted class lies: right ones and wrong ones."
LOSS = "Lower is better. Faint: each step. Marked: the best validation."
TERMS = "On training pictures; lower is better."
SHORT = "Nothing to draw: a course needs two steps whose loss is a finite number."
MOST_LINES = 8
Records = Sequence[Mapping[str, Any]]


def curves(training: Records, validation: Records, classes: int = 0) -> Markup | None:
    """Losses, scores and the learning rate over the steps; None where nothing was trained.

    Args:
        training: One record a step.
        validation: One record a validation.
        classes: Number of classes: some scores say nothing of few.
    """
    if not training and not validation:
        return None
    course = training if len(training) != 1 else ()
    loss = [_line(course, "loss", "training", smooth=True), _line(validation, "loss", "validation", better="low")]
    terms = [_line(course, key, key.removeprefix("loss/"), smooth=True) for key in _keys(course, "loss/")]
    told = dict.fromkeys((key for key in _keys(validation) if key not in _NO_SCORES), 0.0)
    named = [_line(validation, key, _titled(key)) for key in telling(told, classes)]
    rate = [_line(course, "lr", "learning rate")]
    cards = [
        _card("Loss", LOSS, _full(loss), label="loss", empty=SHORT if training else "No loss was recorded."),
        _card("Scores", "On validation pictures.", _full(named)[:MOST_LINES], fractions=True, empty=_why(validation)),
        _card("Terms of the loss", TERMS, _full(terms)[:MOST_LINES]) if len(terms) > 1 else None,
        _card("Learning rate", "Of each step.", _full(rate)),
    ]
    lead = element("p", "How losses and scores went, step by step.", class_="lead")
    return joined(element("h2", "Training"), lead, element("div", *cards, class_="grid"))


def _titled(key: str) -> str:
    known = score_of(key)
    return known.title if known.higher_is_better else f"{known.title} (lower is better)"


def _why(validation: Records) -> str:
    return "No score was defined on the validation pictures." if validation else "There was nothing to validate on."


def _card(
    title: str, lead: str, drawn: Sequence[plot.Line], label: str = "", *, fractions: bool = False, empty: str = ""
) -> Markup | None:
    """A chart of lines; without lines the reason, or nothing where none is given."""
    if not drawn:
        return without_chart(title, empty) if empty else None
    return figure(title, lead, plot.lines(drawn, label=label, fractions=fractions))


_NO_SCORES = frozenset({"step", "epoch", "loss", "lr", "time", "seconds"})


def figure(title: str, lead: str, svg: bytes, wide: bool = False) -> Markup:
    """A card with a chart, over both columns where it is `wide`."""
    above = joined(element("h3", title), element("p", lead, class_="lead"))
    return element("div", above, chart(svg, title), class_="card wide" if wide else "card")


def without_chart(title: str, why: str) -> Markup:
    """A card that says why a chart is missing."""
    return element("div", element("h3", title), element("p", why, class_="empty"), class_="card")


def _keys(records: Records, prefix: str = "") -> list[str]:
    keys = dict.fromkeys(key for record in records for key, value in record.items() if _is_number(value))
    return [key for key in keys if key.startswith(prefix) and (prefix or "/" not in key)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _line(records: Records, key: str, name: str, smooth: bool = False, better: str | None = None) -> plot.Line:
    points = [(record["step"], record[key]) for record in records if _is_number(record.get(key)) and "step" in record]
    return plot.Line(name, [step for step, _ in points], [value for _, value in points], smooth, better)


def _full(lines: Sequence[plot.Line]) -> list[plot.Line]:
    return [line for line in lines if line.values]


def nearness(names: Sequence[str]) -> str:
    """What the percentage of a picture is, where metrics name it."""
    if not names:
        return ""
    told = names[0] if len(names) == 1 else f"the mean of {', '.join(names[:-1])} and {names[-1]}"
    return f" The percentage is how near the prediction is to the truth: {told}."


def gallery(title: str, lead: str, gallery_items: Sequence[GalleryItem], legend: Markup | None = None) -> Markup | None:
    """Pictures, truth beside prediction, below what their colours mean."""
    if not gallery_items:
        return None
    figures = element("div", *[_gallery_item(gallery_item) for gallery_item in gallery_items], class_="gallery")
    return joined(element("h2", title), element("p", lead, class_="lead"), legend, figures)


def _gallery_item(gallery_item: GalleryItem) -> Markup:
    sides = [("truth", gallery_item.truth), ("prediction", gallery_item.prediction)]
    found = [
        element("div", photo(side, f"{name}: {gallery_item.caption}"), element("small", name))
        for name, side in sides
        if side
    ]
    note = (
        element("span", gallery_item.note, class_="tag bad" if gallery_item.bad else "tag")
        if gallery_item.note
        else None
    )
    caption = element("figcaption", element("span", gallery_item.caption), note)
    return element("figure", element("div", *found, class_="pair"), caption, class_="card")


def panels(title: str, lead: str, shown: Sequence[Panel]) -> Markup | None:
    """Pictures of what a network sees, each with its title and caption."""
    if not shown:
        return None
    figures = [_panel(panel) for panel in shown]
    return joined(element("h2", title), element("p", lead, class_="lead"), element("div", *figures, class_="gallery"))


def _panel(panel: Panel) -> Markup:
    caption = element("figcaption", element("span", panel.caption), element("span", panel.title, class_="tag"))
    alt = f"{panel.title}: {panel.caption}"
    return element("figure", photo(panel.picture, alt, longest=960), caption, class_="card")


def pairs(title: str, lead: str, values: Mapping[str, Any]) -> Markup | None:
    """Names and values in two columns."""
    if not values:
        return None
    rows = [element("div", element("dt", name), element("dd", _plain(value))) for name, value in values.items()]
    body = element("div", element("dl", *rows, class_="pairs"), class_="card")
    return joined(element("h2", title), element("p", lead, class_="lead"), body)


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
