"""Tables for spreadsheets hold no formulas, and numbers as they are."""

import csv
from pathlib import Path

import pytest

from saccade.safe_io.documents.csv_file import write_csv


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "=", '=HYPERLINK("http://x","y")'])
def test_formulas_are_text(text: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ("class", "score"), [(text, -1.5), ("plain", None)])
    assert read(tmp_path / "a.csv") == [["class", "score"], [f"'{text}", "-1.5"], ["plain", ""]]


def test_texts_with_commas_quotes_lines_and_letters_come_back(tmp_path: Path) -> None:
    row = ['a, "b"', "two\nlines", "été 猫", ""]
    write_csv(tmp_path / "a.csv", ("1", "2", "3", "4"), [row])
    assert read(tmp_path / "a.csv")[1] == row


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, ("x",), [(1,)])
    before = path.read_bytes()

    def rows() -> "list[tuple[int]]":
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_csv(path, ("x",), (row for _ in range(1) for row in rows()))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]
