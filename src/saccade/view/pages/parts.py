"""What metrics say in the report, drawn: a card for each part. Each gives None where it has nothing to say."""

from collections.abc import Iterable, Sequence

from saccade.metrics.illustration import Key
from saccade.metrics.sections import Bars, Curves, Histogram, Matrix, Part, Section, Table
from saccade.view.pages.markup import Markup, element, joined
from saccade.view.pages.sections import figure, without_chart
from saccade.view.pages.tables import SORTING, dotted, table_card
from saccade.view.plots import chart as plot
from saccade.view.plots import classes as plot_classes
from saccade.view.plots import curves as plot_curves

WIDE, WIDE_WITH_OTHERS = 14, 6  # classes of a matrix beyond which it needs a row of its own


def section(shown: Section) -> Markup | None:
    """A section: its title, its lead and its cards."""
    cards = [card for card in map(_card, shown.parts) if card is not None]
    if not cards:
        return None
    sortable = any(isinstance(part, Table) and part.sortable for part in shown.parts)
    lead = " ".join(text for text in (SORTING if sortable else "", shown.lead) if text)
    above = element("p", lead, class_="lead") if lead else None
    return joined(element("h2", shown.title), above, element("div", *cards, class_="grid"))


def legend(title: str, keys: Iterable[Key]) -> Markup | None:
    """What colours stand for, on one line."""
    named = [dotted(key) for key in keys]
    return element("p", element("span", title), *named, class_="lead legend") if named else None


def _card(part: Part) -> Markup | None:
    match part:
        case Table():
            return table_card(part)
        case Curves():
            return _curves(part)
        case Matrix():
            return _matrix(part)
        case Bars():
            return _bars(part)
        case Histogram():
            return _histogram(part)


def _curves(part: Curves) -> Markup:
    if not part.curves:
        return without_chart(part.title, part.empty)
    return figure(part.title, part.lead, plot_curves.curves(part))


def _matrix(part: Matrix) -> Markup | None:
    if not part.rows:
        return None
    if not part.counts.any():
        return without_chart(part.title, part.empty)
    classes = plot_classes.shared(part.rows, part.columns)
    many = classes > plot_classes.MOST_CELLS
    what = "The pairs most often confused." if many else "Rows: truth, columns: prediction. Shade: share of the row."
    svg = plot_classes.confusion(part.counts.numpy(), part.rows, part.columns, part.what)
    wide = not many and classes > (WIDE if part.rows == part.columns else WIDE_WITH_OTHERS)
    return figure(part.title, _with(what, part.lead), svg, wide=wide)


def _bars(part: Bars) -> Markup | None:
    """One class alone is no weaker than others."""
    if len(part.rows) < 2:
        return None
    if all(value is None for value in part.values):
        return without_chart(part.title, f"No class has a defined {part.label}.")
    return figure(part.title, part.lead, plot_classes.bars(part.values, part.rows, part.label))


def _histogram(part: Histogram) -> Markup:
    if not any(map(sum, part.counts.values())):
        return without_chart(part.title, f"Nothing was counted: there are no {part.what}.")
    return figure(part.title, part.lead, plot.histogram(part.counts, part.label, part.what))


def _with(*texts: str) -> str:
    return " ".join(text for text in texts if text)


def anchors(titles: Sequence[str], taken: Iterable[str]) -> list[str]:
    """A name for each title that a link can lead to, no two alike, and none of those that are taken."""
    used, found = set(taken), list[str]()
    for title in titles:
        plain = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
        name, number = plain, 1
        while name in used:
            number += 1
            name = f"{plain}-{number}"
        used.add(name)
        found.append(name)
    return found
