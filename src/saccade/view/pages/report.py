"""The report of a run: one HTML file that needs nothing else, to be opened, mailed or printed."""

from pathlib import Path

from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages import feature_sections, headlines, parts, sections
from saccade.view.pages.content import ReportContent
from saccade.view.pages.markup import Markup, element, joined
from saccade.view.pages.page import hero, page

Offered = dict[str, tuple[str, Markup | None]]


def write_report(path: str | Path, content: ReportContent) -> None:
    """Writes the report as one HTML file, whole or not at all.

    Raises:
        ResourceError: The disk is full; a report that was there before stays.
    """
    write_text(path, render(content))


def render(content: ReportContent) -> str:
    """The report as HTML: no fetches, all names escaped, every picture inside."""
    cards = None if content.evaluation is None else headlines.scores(content.evaluation, content.table)
    title = f"{content.system} on {content.data}" if content.data else content.system
    return page(title, _hero(content), _sections(content), None if cards is None else element("main", cards))


def _sections(content: ReportContent) -> dict[str, tuple[str, Markup]]:
    """Title and body of each section that has something to say, by anchor."""
    curves = sections.curves(content.training, content.validation, _classes(content))
    others = {**_pictures(content), **_surroundings(content)}
    told = () if content.evaluation is None else content.evaluation.sections
    names = parts.anchors([one.title for one in told], ("curves", *others))
    measured = {name: (one.title, parts.section(one)) for name, one in zip(names, told, strict=True)}
    offered = {"curves": ("Training", curves), **measured, **others}
    return {anchor: (title, body) for anchor, (title, body) in offered.items() if body}


def _pictures(content: ReportContent) -> Offered:
    found = content.evaluation
    nearness = "" if found is None else sections.nearness(found.nearness)
    painter = None if found is None else found.illustrator
    frames = None if painter is None else parts.legend("Outer frames, of errors:", painter.legend)
    legend = joined(parts.legend("Classes:", content.colours), frames)
    worst = sections.gallery("Most wrong", sections.WORST + nearness, content.worst, legend)
    typical = sections.gallery("Typical", sections.TYPICAL + nearness, content.typical, legend)
    return {"worst": ("Most wrong", worst), "typical": ("Typical", typical)}


def _classes(content: ReportContent) -> int:
    return 0 if content.evaluation is None else len(content.evaluation.classes)


def _surroundings(content: ReportContent) -> Offered:
    return {
        "features": ("Features", feature_sections.features(content.features)),
        "seen": ("What it sees", sections.panels("What the network sees", sections.SEEN, content.seen)),
        "settings": ("Settings", sections.pairs("Settings", "What the training was told.", content.settings)),
        "environment": ("Environment", sections.pairs("Environment", "What it ran on.", content.environment)),
    }


def _hero(content: ReportContent) -> Markup:
    data = element("span", f" on {content.data}") if content.data else None
    bare = not (content.evaluation and content.evaluation.scores)
    return hero("saccade report", joined(content.system, data), content.facts, content.command, bare=bare)
