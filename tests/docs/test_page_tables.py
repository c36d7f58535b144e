"""The tables in the pages are what the code declares, and the pages can be read without a build."""

import re
from pathlib import Path

import pytest
from page_tables import MADE, TABLES, filled
from pages import PAGES, ROOT, blocks, directives

# To make these, every system is built.
SLOW = ("recipe-list", "recipe-notes")
PLACES = [(page, match) for page in PAGES for match in MADE.finditer(page.read_text(encoding="utf-8"))]


def place(value: object) -> str:
    return (
        value.name if isinstance(value, Path) else " ".join(value.groups()[1:3]) if isinstance(value, re.Match) else ""
    )


@pytest.mark.parametrize(
    ("page", "match"),
    [pytest.param(*found, marks=pytest.mark.slow if found[1][2] in SLOW else ()) for found in PLACES],
    ids=place,
)
def test_a_table_is_what_the_code_declares(page: Path, match: re.Match[str]) -> None:
    assert filled(match[0]) == match[0], f"{page.name} is behind: run `make tables`"


def test_every_table_stands_somewhere() -> None:
    assert {match[2] for _, match in PLACES} == set(TABLES)


def test_a_table_that_is_behind_is_written_anew() -> None:
    old = "before\n<!-- made by make tables: if-unsure -->\n\nold\n\n<!-- end -->\nafter\n"
    new = filled(old)
    assert new.startswith("before\n")
    assert new.endswith("after\n")
    assert "old" not in new
    assert "`saccade train --data photos`" in new
    assert filled(new) == new


WHOLE = [page for page in PAGES if page.parent.name not in ("api", "course")]


@pytest.mark.parametrize("page", WHOLE, ids=lambda page: page.name)
def test_a_page_is_whole_without_a_build(page: Path) -> None:
    assert not directives(page)
    assert page.read_text(encoding="utf-8").count("<!-- made by") == len(MADE.findall(page.read_text(encoding="utf-8")))


def test_what_is_not_whole_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# T\n\n```{image} a.png\n```\n\nTerm\n: words\n\n{ref}`there`\n")
    assert len(directives(page)) == 3


def test_python_files_in_the_pages_stand_in_the_repository() -> None:
    shown = {block.text.strip() for block in blocks("python", "toml")}
    assert (ROOT / "examples" / "own_parts" / "own_parts" / "loss.py").read_text(encoding="utf-8").strip() in shown
