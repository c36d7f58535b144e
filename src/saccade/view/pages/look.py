"""The page of what a network sees in some pictures: one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages import sections
from saccade.view.pages.content import Panel
from saccade.view.pages.markup import Markup
from saccade.view.pages.page import hero, page
from saccade.view.pages.text import shortened


@dataclass(frozen=True)
class InspectedPicture:
    """One picture, or the network itself, and all that was seen of it.

    Attributes:
        name: The picture's file.
        lead: What the network says of it.
        panels: The views.
    """

    name: str
    lead: str
    panels: Sequence[Panel] = field(default_factory=tuple)


def write_look(path: str | Path, system: str, facts: Mapping[str, str], looked: Sequence[InspectedPicture]) -> None:
    """Writes the page, whole or not at all.

    Args:
        path: The file.
        system: Name of the system.
        facts: Short facts below the title.
        looked: What was seen, picture by picture.

    Raises:
        ResourceError: The disk is full.
    """
    parts: dict[str, tuple[str, Markup]] = {}
    for place, one in enumerate(looked):
        body = sections.panels(one.name, one.lead, one.panels)
        if body is not None:
            parts[f"picture{place}"] = (shortened(one.name.rpartition("/")[2]), body)
    write_text(path, page(f"What {system} sees", hero("what the network sees", system, facts), parts))
