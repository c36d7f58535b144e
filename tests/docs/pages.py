"""The pages as tests see them: fenced blocks, inline code, links."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAGES = [page for page in PAGES if "_build" not in page.parts]

FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text.strip().splitlines()[0][:60]}"


def blocks(*languages: str) -> list[Block]:
    """All blocks in one of the languages."""
    found = ((page, match) for page in PAGES for match in FENCE.finditer(page.read_text(encoding="utf-8")))
    return [Block(page, match[1], match[2]) for page, match in found if match[1] in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def directives(page: Path) -> list[str]:
    """What only Sphinx understands of a page, and a code host shows as it stands."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^(?:`{3,}|:{3,})\{[^}]*\}|^: |\{\w[\w:-]*\}`", text, re.MULTILINE)


def inline(page: Path) -> list[str]:
    """Inline code of a page, but for what a table of other toolkits says of them."""
    text = prose(page)
    if page.name == "coming_from.md":
        text = re.sub(r"^\|.*\|(?=[^|\n]+\|$)", "", text, flags=re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", text)


def links(page: Path) -> list[str]:
    """Where a page's links and pictures lead, those to the web left out."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [link for link in found if "://" not in link]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(program: str) -> Iterator[tuple[str, list[str]]]:
    """Where each command line stands, and the words after `program`."""
    for block in blocks("bash"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words and Path(words[0]).name == program:
                yield f"{block.page.relative_to(ROOT)}: {line}", words[1:]
