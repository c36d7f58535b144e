"""The page of how scores fall when pictures are disturbed: one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.metrics.scores import score_of, telling
from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages import sections
from saccade.view.pages.content import Panel
from saccade.view.pages.markup import Markup, element, joined
from saccade.view.pages.page import hero, page
from saccade.view.pages.text import score as told
from saccade.view.plots.strength import against_strength

LEAD = "How a score falls as pictures are disturbed; 0 is the plain picture, 1 the amount of the table below."


@dataclass(frozen=True)
class Curves:
    """Scores of one kind of disturbance.

    Attributes:
        unit: What its amount is.
        amounts: The amount at each strength.
        scores: The score at each strength, by name.
    """

    unit: str
    amounts: Sequence[float]
    scores: Mapping[str, Sequence[float | None]]


def write_disturb(
    path: str | Path,
    title: str,
    facts: Mapping[str, str],
    strengths: Sequence[float],
    curves: Mapping[str, Curves],
    examples: Sequence[Panel] = (),
) -> None:
    """Writes the page, whole or not at all.

    Args:
        path: The file.
        title: What was measured.
        facts: Short facts below the title.
        strengths: The strengths, rising.
        curves: What was found, by kind of disturbance.
        examples: A picture at each strength, a plate a kind.

    Raises:
        ResourceError: The disk is full.
    """
    names = shown_scores(curves)
    offered = {
        "curves": ("Scores", _charts(names, strengths, curves)),
        "numbers": ("Numbers", _table(names, strengths, curves)),
        "examples": (
            "Examples",
            sections.panels("Examples", "One picture at each strength, with its truth.", examples),
        ),
    }
    parts = {anchor: (name, body) for anchor, (name, body) in offered.items() if body}
    write_text(path, page(f"{title}, disturbed", hero("saccade, disturbed", title, facts), parts))


def shown_scores(curves: Mapping[str, Curves]) -> list[str]:
    """The scores that are shown: no losses, and no error rate beside the share of right predictions."""
    names = {name: None for found in curves.values() for name in found.scores}
    return list(telling({name: value for name, value in names.items() if name != "loss" and "/" not in name}, 0))


def _charts(names: Sequence[str], strengths: Sequence[float], curves: Mapping[str, Curves]) -> Markup | None:
    cards: list[Markup] = []
    for name in names:
        known = score_of(name)
        by_kind = {kind: found.scores[name] for kind, found in curves.items() if name in found.scores}
        arrow = "higher is better" if known.higher_is_better else "lower is better"
        lead = f"{known.meaning}; {arrow}" if known.meaning else arrow
        cards.append(sections.figure(known.title, lead, against_strength(by_kind, strengths, known.title)))
    if not cards:
        return None
    return joined(element("h2", "Scores"), element("p", LEAD, class_="lead"), element("div", *cards, class_="grid"))


def _table(names: Sequence[str], strengths: Sequence[float], curves: Mapping[str, Curves]) -> Markup:
    titles = ["Disturbance", "Strength", "Amount", *(score_of(name).title for name in names)]
    head = element("tr", *[element("th", element("button", title, type="button")) for title in titles])
    rows: list[Markup] = []
    for kind, found in curves.items():
        for place, (strength, amount) in enumerate(zip(strengths, found.amounts, strict=True)):
            values = [found.scores[name][place] if name in found.scores else None for name in names]
            cells = [_cell(kind, kind), _cell(f"{strength:g}", f"{strength:f}")]
            cells.append(_cell(f"{amount:g} {found.unit}", f"{amount:f}"))
            cells += [_cell(told(value), "" if value is None else f"{value:.6f}") for value in values]
            rows.append(element("tr", *cells))
    table = element("table", element("thead", head), element("tbody", *rows))
    card = element("div", element("div", table, class_="scroll"), class_="card")
    return joined(element("h2", "Numbers"), element("p", "Click on a column to sort by it.", class_="lead"), card)


def _cell(text: str, value: str) -> Markup:
    return element("td", text, data_value=value)
