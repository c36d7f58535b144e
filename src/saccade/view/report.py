"""The report of a run: one HTML file that needs nothing else, to be opened, mailed or printed."""

from pathlib import Path

from saccade.trust.atomic import write_text
from saccade.view import class_sections, feature_sections, object_sections, sections
from saccade.view.content import ReportContent
from saccade.view.markup import Markup, element, joined
from saccade.view.page import hero, page


def write_report(path: str | Path, content: ReportContent) -> None:
    """Writes the report as one HTML file, whole or not at all.

    Raises:
        ResourceError: The disk is full; a report that was there before stays.
    """
    write_text(path, render(content))


def render(content: ReportContent) -> str:
    """The report as HTML: no fetches, all names escaped, every picture inside."""
    parts = _sections(content)
    cards = None if content.evaluation is None else sections.scores(content.evaluation)
    title = f"{content.system} on {content.data}" if content.data else content.system
    return page(title, _hero(content), parts, None if cards is None else element("main", cards))


def _sections(content: ReportContent) -> dict[str, tuple[str, Markup]]:
    """Title and body of each section that has something to say, by anchor."""
    details = None if content.evaluation is None else content.evaluation.details
    classes = () if content.evaluation is None else content.evaluation.classes
    legend = object_sections.legend() if details and details.objects else None
    offered = {
        "curves": ("Training", sections.curves(content.training, content.validation)),
        "classes": ("Classes", details and class_sections.classes(details.per_class, classes)),
        "errors": ("Errors", details and object_sections.errors(details, classes)),
        "mistakes": ("Mistakes", details and class_sections.mistakes(details, classes)),
        "worst": ("Most wrong", sections.gallery("Most wrong", sections.WORST, content.worst, legend)),
        "typical": ("Typical", sections.gallery("Typical", sections.TYPICAL, content.typical, legend)),
        "features": ("Features", feature_sections.features(content.features)),
        "seen": ("What it sees", sections.plates("What the network sees", sections.SEEN, content.seen)),
        "settings": ("Settings", sections.pairs("Settings", "What the training was told.", content.settings)),
        "environment": ("Environment", sections.pairs("Environment", "What it ran on.", content.environment)),
    }
    return {anchor: (title, body) for anchor, (title, body) in offered.items() if body}


def _hero(content: ReportContent) -> Markup:
    data = element("span", f" on {content.data}") if content.data else None
    bare = not (content.evaluation and content.evaluation.scores)
    return hero("saccade report", joined(content.system, data), content.facts, content.command, bare=bare)
