"""The chapters of the course: their form, and that their cells run."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from course_cells import CHAPTERS, COURSE, TRAINING, Cell, cells, front_matter, told

import saccade as sc

BY_NAME = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
# Numbers that a result could be: fractions, shares, thousands. Years, and numbers of papers and sections, are none.
RESULT = re.compile(r"\d*\.\d+|\d+ ?%|(?<!\d)\d{1,3}(?: \d{3})+|\d{4,}")
PAPER = re.compile(r"arXiv:? \d{4}\.\d{4,5}|section \d+\.\d+|\b(?:19|20)\d\d\b")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the cells of a chapter run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    return tmp_path


def test_there_are_chapters() -> None:
    assert CHAPTERS
    index = (COURSE / "index.md").read_text(encoding="utf-8")
    assert all(f"]({page.name})" in index for page in CHAPTERS)


@BY_NAME
def test_a_chapter_is_a_notebook(page: Path) -> None:
    facts = front_matter(page)
    assert facts["kernelspec"]["name"] == "python3"
    written = facts["jupytext"]["text_representation"]
    assert (written["extension"], written["format_name"]) == (".md", "myst")
    assert cells(page)
    for cell in cells(page):
        assert cell.language == "python", cell
        ast.parse(cell.code)  # plain Python: no magic of notebooks


@BY_NAME
def test_a_chapter_has_its_exercises_and_answers(page: Path) -> None:
    titles = re.findall(r"^## (.+)$", told(page), re.MULTILINE)
    assert titles[-2:] == ["Exercises", "Answers"]
    answers = page.read_text(encoding="utf-8").split("\n## Answers\n")[1]
    assert answers.count("<details>") == answers.count("</details>") > 0


@BY_NAME
def test_no_picture_and_no_result_is_typed(page: Path) -> None:
    text = told(page)
    assert "![" not in text
    assert "<img" not in page.read_text(encoding="utf-8")
    assert not RESULT.findall(PAPER.sub("", text))


def test_a_typed_result_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# T\n\nIt gave 87 %, which is .87 of 12 000 (2014, arXiv 1409.1556), `0.5` of 64.\n")
    assert RESULT.findall(PAPER.sub("", told(page))) == ["87 %", ".87", "12 000"]


@BY_NAME
def test_trainings_are_marked_and_kept(page: Path) -> None:
    for cell in cells(page):
        for call in ast.walk(ast.parse(cell.code)):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "sc.train":
                assert TRAINING in cell.tags, cell
                said = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
                assert "runs/course/" in said["out"], cell
                assert said["resume"] == "True", cell


@BY_NAME
def test_the_cells_that_do_not_train_run(page: Path, folder: Path) -> None:
    assert sc.__name__ in run([cell for cell in cells(page) if TRAINING not in cell.tags])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@BY_NAME
def test_all_cells_run(page: Path, folder: Path) -> None:
    assert sc.__name__ in run(cells(page))


def run(chosen: list[Cell]) -> set[str | None]:
    """Run cells in their order among one another's names; what their names stand for is called so."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in chosen:
        cell.run(names)
    return {getattr(value, "__name__", None) for value in names.values()}


def test_cells_are_found_with_their_tags_and_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# T\n\n```{code-cell} python\n:tags: [training, hide-cell]\n\na = 1\n```\n\n```python\nb\n```\n")
    (cell,) = cells(page)
    assert (cell.tags, cell.code, cell.line) == (("training", "hide-cell"), "\na = 1\n", 4)
    names: dict[str, Any] = {}
    cell.run(names)
    assert names["a"] == 1
