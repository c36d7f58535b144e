"""The report of a run: one HTML file that needs nothing else, to be opened, mailed or printed."""

from importlib import resources
from pathlib import Path

from saccade.trust.atomic import write_text
from saccade.view import class_sections, sections
from saccade.view.content import ReportContent
from saccade.view.markup import Markup, element, joined


def write_report(path: str | Path, content: ReportContent) -> None:
    """Writes the report as one HTML file, whole or not at all.

    Raises:
        ResourceError: The disk is full; a report that was there before stays.
    """
    write_text(path, render(content))


def render(content: ReportContent) -> str:
    """The report as HTML: no fetches, all names escaped, every picture inside."""
    parts = _sections(content)
    links = [element("a", title, href=f"#{anchor}") for anchor, (title, _) in parts.items()]
    cards = None if content.evaluation is None else sections.scores(content.evaluation)
    found = [element("section", body, id=anchor) for anchor, (_, body) in parts.items()]
    body = joined(
        _hero(content),
        None if cards is None else element("main", cards),
        element("nav", element("div", *links), aria_label="Sections") if links else None,
        element("main", *found),
        element("footer", "Written by saccade. Fractions are of the pictures that each score is defined for."),
        element("dialog"),
        element("script", Markup(_resource("report.js"))),
    )
    return f'<!doctype html>\n<html lang="en">\n{_head(content)}\n{element("body", body)}\n</html>\n'


def _sections(content: ReportContent) -> dict[str, tuple[str, Markup]]:
    """Title and body of each section that has something to say, by anchor."""
    details = None if content.evaluation is None else content.evaluation.details
    classes = () if content.evaluation is None else content.evaluation.classes
    offered = {
        "curves": ("Training", sections.curves(content.training, content.validation)),
        "classes": ("Classes", details and class_sections.classes(details.per_class, classes)),
        "mistakes": ("Mistakes", details and class_sections.mistakes(details, classes)),
        "worst": ("Most wrong", sections.gallery("Most wrong", sections.WORST, content.worst)),
        "typical": ("Typical", sections.gallery("Typical", sections.TYPICAL, content.typical)),
        "settings": ("Settings", sections.pairs("Settings", "What the training was told.", content.settings)),
        "environment": ("Environment", sections.pairs("Environment", "What it ran on.", content.environment)),
    }
    return {anchor: (title, body) for anchor, (title, body) in offered.items() if body}


def _head(content: ReportContent) -> Markup:
    # The policy makes the promise of a page that fetches nothing one that the browser keeps.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{content.system} on {content.data}" if content.data else content.system),
        element("style", Markup(_resource("report.css"))),
    )


def _hero(content: ReportContent) -> Markup:
    facts = [
        element("div", element("dt", name), element("dd", str(value))) for name, value in content.facts.items() if value
    ]
    data = element("span", f" on {content.data}") if content.data else None
    return element(
        "header",
        element(
            "div",
            element("div", "saccade report", class_="eyebrow"),
            element("h1", content.system, data),
            element("dl", *facts, class_="facts") if facts else None,
            element("code", content.command, class_="command") if content.command else None,
        ),
        class_="hero" if content.evaluation and content.evaluation.scores else "hero bare",
    )


def _resource(name: str) -> str:
    return resources.files("saccade.view").joinpath(name).read_text(encoding="utf-8")
