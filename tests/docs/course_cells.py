"""The chapters of the course as tests see them: their front matter and their cells."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pages import ROOT

COURSE = ROOT / "docs" / "course"
CHAPTERS = sorted(COURSE.glob("[0-9]*_*.md"))

CELL = re.compile(r"^```\{code-cell\}([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"\A:(\w+):([^\n]*)\n")
# Of a cell that trains, and of those that need what it made.
TRAINING = "training"


@dataclass(frozen=True)
class Cell:
    """One cell of a chapter.

    Attributes:
        page: The chapter.
        line: Lines of the page before the code.
        language: What stands behind ``{code-cell}``.
        tags: Its tags.
        code: The code.
    """

    page: Path
    line: int
    language: str
    tags: tuple[str, ...]
    code: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line + 1}"

    def run(self, names: dict[str, Any]) -> None:
        """Run it among the names of the cells before it; errors tell the line of the page."""
        exec(compile("\n" * self.line + self.code, str(self.page), "exec"), names)


def cells(page: Path) -> list[Cell]:
    """The cells of a chapter in their order."""
    text = page.read_text(encoding="utf-8")
    return [_cell(page, text, found) for found in CELL.finditer(text)]


def _cell(page: Path, text: str, found: re.Match[str]) -> Cell:
    tags, code, start = "", found[2], found.start(2)
    while option := OPTION.match(code):
        tags = option[2] if option[1] == "tags" else tags
        code, start = code[option.end() :], start + option.end()
    named = tuple(tag for tag in re.split(r"[\[\],\s]+", tags) if tag)
    return Cell(page, text.count("\n", 0, start), found[1].strip(), named, code)


def front_matter(page: Path) -> dict[str, Any]:
    """What stands between the lines of dashes at a chapter's top."""
    found = re.match(r"---\n(.*?)^---\n", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return {} if found is None else yaml.safe_load(found[1])


def told(page: Path) -> str:
    """A chapter's prose: without front matter, fences, code, formulas, addresses and comments."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"\A---\n.*?^---\n", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
    for pattern in (r"^```.*?^```$", r"<!--.*?-->", r"\$\$.*?\$\$"):
        text = re.sub(pattern, "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]+`|\$[^$\n]+\$|\]\([^)\s]*\)|<[^>\n]+>", " ", text)
