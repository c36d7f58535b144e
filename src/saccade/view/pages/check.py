"""The page of a data check: what is wrong, what there is, and the worst pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from saccade.view.pages.content import GalleryItem
from saccade.view.pages.markup import Markup, element, joined, photo
from saccade.view.pages.page import hero, page
from saccade.view.pages.sections import figure

MOST_ROWS = 2000
_COLUMNS = ("path", "where", "annotation_id", "found", "expected", "cure")
_TITLES = ("File", "Where", "Annotation", "Found", "Expected", "Cure")


@dataclass(frozen=True)
class CheckContent:
    """What the page says.

    Attributes:
        data: How a person calls the data.
        facts: What stands below the title.
        defects: Rows as ``--json`` prints them.
        notes: What is no defect.
        charts: Title, explanation and SVG of each.
        classes: For each class its counts, by name of the column.
        pictures: The worst pictures, with their annotations drawn.
        suspects: Those of the most suspicious annotations, each ringed.
    """

    data: str
    facts: Mapping[str, str] = field(default_factory=dict)
    defects: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    charts: Sequence[tuple[str, str, bytes]] = ()
    classes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    pictures: Sequence[GalleryItem] = ()
    suspects: Sequence[GalleryItem] = ()


def render_check(content: CheckContent) -> str:
    """The page as HTML: no fetches, all names escaped, every picture inside."""
    offered = {
        "defects": ("Defects", _defects(content.defects)),
        "suspects": ("Suspicious annotations", _suspects(content.suspects)),
        "pictures": ("Pictures", _pictures(content.pictures)),
        "notes": ("Good to know", _notes(content.notes)),
        "charts": ("What there is", _charts(content.charts)),
        "classes": ("Classes", _classes(content.classes)),
    }
    parts = {anchor: (title, body) for anchor, (title, body) in offered.items() if body}
    return page(f"Check of {content.data}", hero("saccade data check", content.data, content.facts), parts)


def _defects(rows: Sequence[Mapping[str, Any]]) -> Markup:
    title = element("h2", "Defects")
    if not rows:
        return joined(title, element("p", "None.", class_="lead"))
    more = f" The first {MOST_ROWS} of {len(rows)} are here; --json lists all." if len(rows) > MOST_ROWS else ""
    lead = element("p", f"Click on a column to sort by it.{more}", class_="lead")
    cells = [[row[column] for column in _COLUMNS] for row in rows[:MOST_ROWS]]
    return joined(title, lead, _table(_TITLES, cells, "words"))


def _table(titles: Sequence[str], rows: Sequence[Sequence[Any]], kind: str | None = None) -> Markup:
    heads = [element("th", element("button", title, type="button")) for title in titles]
    body = [element("tr", *[_cell(value) for value in row]) for row in rows]
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *body), class_=kind)
    return element("div", element("div", table, class_="scroll"), class_="card")


def _cell(value: Any) -> Markup:
    if value is None:
        return element("td", "–", class_="none", data_value="")
    return element("td", f"{value:,}" if isinstance(value, int) else str(value), data_value=str(value))


def _notes(notes: Sequence[str]) -> Markup | None:
    if not notes:
        return None
    lead = element("p", "No defects, but worth a thought before a training.", class_="lead")
    listed = element("ul", *[element("li", note) for note in notes])
    return joined(element("h2", "Good to know"), lead, element("div", listed, class_="card"))


def _charts(charts: Sequence[tuple[str, str, bytes]]) -> Markup | None:
    if not charts:
        return None
    cards = [figure(title, lead, svg) for title, lead, svg in charts]
    return joined(element("h2", "What there is"), element("div", *cards, class_="grid"))


def _classes(classes: Mapping[str, Mapping[str, int]]) -> Markup | None:
    if not classes:
        return None
    columns = list(next(iter(classes.values())))
    rows = [[name, *[counts.get(column) for column in columns]] for name, counts in classes.items()]
    return joined(element("h2", "Classes"), _table(["Class", *columns], rows))


def _pictures(pictures: Sequence[GalleryItem]) -> Markup | None:
    lead = "With the annotations as they are read. Click on a picture to see it large."
    return _gallery("Pictures", lead, pictures)


def _suspects(pictures: Sequence[GalleryItem]) -> Markup | None:
    lead = "What a network contradicts, the most suspicious first. It may be wrong: look before you change anything."
    return _gallery("Suspicious annotations", lead, pictures)


def _gallery(title: str, lead: str, pictures: Sequence[GalleryItem]) -> Markup | None:
    if not pictures:
        return None
    figures = [
        element(
            "figure",
            photo(one.prediction, one.caption, longest=960),
            element("figcaption", element("span", one.caption)),
            class_="card",
        )
        for one in pictures
    ]
    cards = element("div", *figures, class_="gallery")
    return joined(element("h2", title), element("p", lead, class_="lead"), cards)
