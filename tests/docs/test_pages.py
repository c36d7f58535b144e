"""What the pages say holds: links, code, worked examples, versions."""

import ast
import doctest
import inspect
import itertools
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from pages import PAGES, ROOT, Block, anchors, blocks, inline, links, prose

import saccade as sc
from saccade.core import errors
from saccade.metrics.scores import SCORES
from saccade.systems.build import options_of
from saccade.training.settings import FREE_TO_CHANGE, TrainSettings

PYTHON = blocks("python")
EXAMPLES = [page for page in PAGES if any(block.page == page and ">>>" in block.text for block in PYTHON)]
# Files and folders that a run or a user makes, and so are not in the repository.
MADE = ("runs/", "photos", "street/", "answers/", "new_pictures", "docs/_build", "checkpoints/", "tensorboard/")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pages_keep_to_the_project(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(work|home|root|tmp|mnt)/", text)
    assert not re.search(r"TODO|FIXME|pypi\.org|anaconda\.org", text)
    # A title, and no level left out below it.
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("page", EXAMPLES, ids=name_of)
def test_worked_examples_give_what_they_show(page: Path) -> None:
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("block", [b for b in PYTHON if ">>>" not in b.text], ids=str)
def test_python_calls_what_is_there(block: Block) -> None:
    for call in ast.walk(ast.parse(block.text)):
        function = call.func if isinstance(call, ast.Call) else None
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "sc":
            check_call(call, getattr(sc, function.attr))


def check_call(call: ast.Call, function: object) -> None:
    """The call's keywords are the function's; options of a named system and settings of a training are checked too."""
    keywords = {keyword.arg: None for keyword in call.keywords if keyword.arg}
    inspect.signature(function).bind(*[None] * len(call.args), **keywords)
    if function in (sc.train, sc.build):
        name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        known = set(inspect.signature(function).parameters) | (set(options_of(sc.SYSTEMS[name])) if name else set())
        known |= {field.name for field in fields(TrainSettings)} if function is sc.train else set()
        assert set(keywords) <= known


def test_design_runs(capsys) -> None:
    page = ROOT / "docs" / "design.md"
    names: dict[str, object] = {}
    for block in PYTHON:
        if block.page == page:
            exec(compile(block.text, name_of(page), "exec"), names)
    assert set(names["raw"]) == {"label", "box"}
    assert len(names["predictions"]) == 2


def test_the_readme_names_what_is_there() -> None:
    for code in inline(ROOT / "README.md"):
        if "/" in code and " " not in code and not code.startswith(MADE):
            assert (ROOT / code).exists(), code
    for image in (ROOT / "docs" / "images").iterdir():
        assert image.stat().st_size <= 300 * 1024, image


def test_the_systems_of_the_readme_are_all_that_there_are() -> None:
    status = (ROOT / "README.md").read_text(encoding="utf-8").split("## Status")[1].split("##")[0]
    table = status.split("And this stands around them")[0]
    assert set(re.findall(r"`(\w+)`", table)) - {"efficientnet_lite0"} == set(sc.SYSTEMS)


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == sc.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(sc.__version__)} \((unreleased|\d{{4}}-\d\d-\d\d)\)$", changes, re.MULTILINE)


def test_exit_codes_are_those_of_the_errors() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\|(.*)\|$", (ROOT / "docs" / "faults.md").read_text("utf-8"), re.MULTILINE)
    for code, names in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert getattr(errors, name).exit_code == int(code)
    assert [int(code) for code, _ in rows] == [0, 1, 2, 3, 4, 130, 143]


def test_what_may_change_on_resume_is_what_the_page_says() -> None:
    page = (ROOT / "docs" / "train.md").read_text(encoding="utf-8")
    told = page.split("These may:")[1].split(".")[0]
    # The number of processes is compared, whatever the setting says.
    assert set(re.findall(r"`(\w+)`", told)) == FREE_TO_CHANGE - {"devices"}


def test_every_score_is_defined() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").lower()
    for score in SCORES:
        assert re.search(rf"\b{score.lower().replace('_', '[ _]').replace('top', 'top-?')}\b", text), score
