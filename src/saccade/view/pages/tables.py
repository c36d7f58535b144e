"""A metric's table as HTML: a row a class or kind, columns written by their form.

Legend: R rows.
"""

from collections.abc import Sequence

from saccade.metrics.illustration import Colour, Key
from saccade.metrics.sections import Column, Table, as_threshold
from saccade.view.pages.markup import Markup, element, joined
from saccade.view.pages.text import score

SORTING = "Click on a column to sort by it. A dash: the data does not determine it."


def table_card(table: Table) -> Markup | None:
    """The table on a card of its own; None without rows."""
    if not table.rows:
        return None
    telling = next((column.name for column in table.columns if column.telling), None)
    columns = [_cells(column, column.name == telling, table.dots) for column in table.columns]
    names = [_name(table, row) for row in range(len(table.rows))]
    rows = [element("tr", *cells) for cells in zip(names, *columns, strict=True)]
    body = element("table", element("thead", element("tr", *_heads(table))), element("tbody", *rows))
    title = element("h3", table.title) if table.title else None
    lead = element("p", table.lead, class_="lead") if table.lead else None
    return element("div", joined(title, lead), element("div", body, class_="scroll"), class_="card wide")


def dotted(key: Key) -> Markup:
    """A name beside a dot of its colour; its meaning shows when one points at it."""
    return element("span", _dot(key.colour), key.title, title=key.meaning)


def _dot(colour: Colour) -> Markup:
    return element("i", style=f"background:{_css(colour)}", class_="dot")


def _css(colour: Colour) -> str:
    return "rgb({} {} {})".format(*colour)


def _heads(table: Table) -> list[Markup]:
    titles = [(table.head, None), *((column.heading, _class(column)) for column in table.columns)]
    shown = [(element("button", title, type="button") if table.sortable else title, kind) for title, kind in titles]
    return [element("th", title, class_=kind) for title, kind in shown]


def _class(column: Column) -> str | None:
    return "text" if column.form == "words" else None


def _name(table: Table, row: int) -> Markup:
    dot = None if table.dots is None else _dot(table.dots[row])
    return element("td", dot, table.rows[row], data_value=table.rows[row])


def _cells(column: Column, telling: bool, dots: Sequence[Colour] | None) -> list[Markup]:
    numbers = [value for value in column.values if isinstance(value, float | int)]
    # The greatest gain has the longest bar; a share has the bar that it is of 1.
    longest = (max(numbers, default=0) or 1) if column.form == "gain" else 1
    barred = column.form == "gain" or telling
    colours = dots if column.form == "gain" and dots is not None else [None] * len(column.values)
    return [
        _cell(column, value, value / longest if barred and isinstance(value, float | int) else None, colour)
        for value, colour in zip(column.values, colours, strict=True)
    ]


def _cell(column: Column, value: float | str | None, bar: float | None, colour: Colour | None) -> Markup:
    if value is None:
        return element("td", "–", class_="none", data_value="")
    if isinstance(value, str):
        return element("td", value, class_=_class(column), data_value=value)
    if column.form == "count":
        return element("td", f"{value:,.0f}", data_value=f"{value:.0f}")
    if column.form == "threshold":
        return element("td", as_threshold(value), data_value=f"{value:.6f}")
    if bar is None:
        return element("td", score(value), data_value=f"{value:.6f}")
    style = f"width:{100 * min(max(bar, 0), 1):.1f}%" + (f";background:{_css(colour)}" if colour else "")
    drawn = element("span", element("i", style=style), class_="bar long" if column.form == "gain" else "bar")
    return element("td", drawn, element("span", score(value), class_="number"), data_value=f"{value:.6f}")
