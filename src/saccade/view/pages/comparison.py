"""The page of a comparison: one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages import sections
from saccade.view.pages.markup import Markup, element, joined, photo
from saccade.view.pages.page import hero, page
from saccade.view.plots.pareto import Point, against_cost, intervals

BOARD = "The best first. A hollow dot and a dash in place of a number: it breaks a limit, or failed, and cannot win."
FRONTS = "The line joins those that nobody beats in both: what one might reasonably take. Bars are 95 % intervals."
PICTURES = "The same pictures, as each network sees them; the percentage is how near a prediction is to the truth."


@dataclass(frozen=True)
class Side:
    """What one network says of a picture.

    Attributes:
        name: Of the network, or ``truth``.
        picture: The picture with what it says drawn.
        note: A few characters beside the name, such as ``38 %``.
    """

    name: str
    picture: Image.Image
    note: str = ""


@dataclass(frozen=True)
class ComparisonContent:
    """What the page says.

    Attributes:
        data: What the data are called.
        facts: Short facts below the title.
        verdict: Who wins, in a sentence.
        command: The command that puts the winner to use, or nothing.
        score: What the deciding score is called.
        higher_is_better: Which way it is better.
        heads: Titles of the table's columns.
        rows: Its cells, each a text.
        values: The same cells as numbers to sort by, or None where the text itself counts.
        fronts: Points of each chart of score against cost, by what the cost is called.
        exhibits: For each picture its name and what truth and networks say of it.
        asked: What was asked, by name.
        machine: What times and memory are of.
    """

    data: str
    facts: Mapping[str, str]
    verdict: str
    command: str
    score: str
    higher_is_better: bool
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    values: Sequence[Sequence[float | None]]
    fronts: Mapping[str, Sequence[Point]] = field(default_factory=dict[str, Sequence[Point]])
    exhibits: Sequence[tuple[str, Sequence[Side]]] = ()
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any])
    machine: Mapping[str, Any] = field(default_factory=dict[str, Any])


def write_comparison(path: str | Path, content: ComparisonContent) -> None:
    """Write the page, whole or not at all.

    Raises:
        ResourceError: The disk is full.
    """
    title = joined("Comparison", element("span", f" on {content.data}"))
    offered = {
        "board": ("Leaderboard", _board(content)),
        "fronts": ("Score and cost", _fronts(content)),
        "pictures": ("Predictions", _pictures(content.exhibits)),
        "asked": ("Protocol", sections.pairs("Protocol", "What was the same for all.", content.asked)),
        "machine": ("Machine", sections.pairs("Machine", "What times and memory were measured on.", content.machine)),
    }
    parts = {anchor: (name, body) for anchor, (name, body) in offered.items() if body}
    top = hero("saccade comparison", title, content.facts, content.command)
    write_text(path, page(f"Comparison on {content.data}", top, parts))


def _board(content: ComparisonContent) -> Markup:
    head = element("tr", *[element("th", element("button", name, type="button")) for name in content.heads])
    rows = [
        element("tr", *[_cell(*pair) for pair in zip(texts, values, strict=True)])
        for texts, values in zip(content.rows, content.values, strict=True)
    ]
    table = element("table", element("thead", head), element("tbody", *rows))
    return joined(
        element("h2", content.verdict),
        element("p", BOARD, class_="lead"),
        element("div", element("div", table, class_="scroll"), class_="card"),
    )


def _cell(text: str, value: float | None) -> Markup:
    missing = "none" if text == "–" else None
    return element("td", text, class_=missing, data_value=text if value is None else f"{value:.6f}")


def _fronts(content: ComparisonContent) -> Markup | None:
    drawn = {cost: points for cost, points in content.fronts.items() if points}
    if not drawn:
        return None
    better = "higher" if content.higher_is_better else "lower"
    lead = f"{content.score}: {better} is better"
    cards = [
        sections.figure(content.score, "and its 95 % interval", intervals(next(iter(drawn.values())), content.score))
    ]
    cards += [
        sections.figure(
            f"{content.score} against {cost}", lead, against_cost(points, cost, content.score, content.higher_is_better)
        )
        for cost, points in drawn.items()
    ]
    body = element("div", *cards, class_="grid")
    return joined(element("h2", "Score and cost"), element("p", FRONTS, class_="lead"), body)


def _pictures(exhibits: Sequence[tuple[str, Sequence[Side]]]) -> Markup | None:
    if not exhibits:
        return None
    figures = [
        element(
            "figure",
            element("div", *[_side(side, name) for side in sides], class_="sides"),
            element("figcaption", element("span", name)),
            class_="card",
        )
        for name, sides in exhibits
    ]
    return joined(element("h2", "Predictions"), element("p", PICTURES, class_="lead"), *figures)


def _side(side: Side, name: str) -> Markup:
    told = f"{side.name} {side.note}".strip()
    return element("div", photo(side.picture, f"{side.name}: {name}"), element("small", told))
