"""The table of the lectures: every chapter, test and command that it names is there, and the page is what it makes."""

from dataclasses import replace

import pytest
from course_coverage import (
    LECTURES,
    MISSING,
    OUT,
    PAGE,
    Row,
    is_command,
    is_heading,
    is_test,
    page,
    problems,
    rows,
)

ROWS = rows()
GOOD = Row(
    "pt",
    "VGG-16",
    "a number",
    "number",
    "index#how-to-run-them",
    "tests/docs/test_course_coverage.py::test_the_page_is_behind_no_row",
    "saccade describe vgg16 --arithmetic",
    "",
)


def test_all_that_is_named_is_there() -> None:
    assert problems(ROWS) == []


def test_the_page_is_behind_no_row() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(ROWS), "run `python docs/_ext/course_coverage.py`"


def test_every_lecture_has_rows_and_what_is_left_out_says_why() -> None:
    assert {row.lecture for row in ROWS} == set(LECTURES)
    for row in ROWS:
        if row.is_left_out:
            assert len(row.note.removeprefix(OUT).removeprefix(MISSING)) > 3, row


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, None),
        ({"chapter": "index#nowhere"}, "no heading"),
        ({"chapter": "9_nothing#how-to-run-them"}, "no heading"),
        ({"chapter": "../look#the-views"}, None),
        ({"chapter": "../look#nowhere"}, "no heading"),
        ({"test": "tests/docs/test_course_coverage.py::test_nothing"}, "no such test"),
        ({"test": "tests/docs/test_nothing.py::test_nothing"}, "no such test"),
        ({"test": "tests/contracts/test_numbers.py::test_a_number_of_the_table[VGG-D nothing]"}, "no such test"),
        ({"test": "tests/contracts/test_numbers.py::test_a_number_of_the_table[VGG-D conv weights]"}, None),
        ({"command": "saccade train vgg16 --data photos --nothing 3"}, "no such command"),
        ({"command": "saccade train no_system --data photos"}, "no such command"),
        ({"command": "saccade train dt_edgenet --data photos --gate learnt"}, "no such command"),
        ({"command": "saccade train vgg16 --data photos --epochs many"}, "no such command"),
        ({"command": "saccade predict runs/a photos --out b --refine nothing"}, "no such command"),
        ({"command": "saccade nothing runs/a"}, "no such command"),
        ({"command": "python -m bench.nothing"}, "no such command"),
        ({"command": "make nothing"}, "no such command"),
        ({"command": "ls"}, "no such command"),
        ({"command": "make test ; python -m bench.crf"}, None),
        ({"chapter": ""}, "no chapter or no test"),
        ({"chapter": "", "test": "", "command": "", "note": "out of scope: volumes"}, None),
        ({"note": "missing: nobody built it"}, "has a place all the same"),
        ({"kind": "thing"}, "a kind of"),
        ({"lecture": "fr"}, "a lecture of"),
    ],
)
def test_what_is_not_there_is_told(change: dict[str, str], wrong: str | None) -> None:
    told = problems([replace(GOOD, **change)])
    assert told == [] if wrong is None else len(told) == 1 and wrong in told[0]


def test_a_row_that_stands_twice_is_told() -> None:
    assert ["stands twice" in line for line in problems([GOOD, GOOD])] == [True]


def test_headings_in_cells_are_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("course_coverage.COURSE", tmp_path)
    (tmp_path / "1_a.md").write_text("# A title: with marks\n\n```{code-cell} python\n# no heading\n```\n")
    assert is_heading("1_a#a-title-with-marks")
    assert not is_heading("1_a#no-heading")


def test_helpers_that_are_no_tests_are_none() -> None:
    assert not is_test("tests/docs/test_commands.py::done")
    assert is_command("saccade systems")


def test_a_line_with_a_bar_stays_one_cell() -> None:
    made = page([replace(GOOD, item="P(a|b)")])
    assert "| P(a\\|b) |" in made
