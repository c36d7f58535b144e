"""``saccade data check``: what it prints, its exit codes, and its page."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from saccade import cli

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Eight pictures of two classes, one of which is named to be run by a browser."""
    for number in range(8):
        folder = tmp_path / "photos" / ("ant", HOSTILE)[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((40, 30), 20 + number).save(folder / f"{number}.png")
    return tmp_path / "photos"


def test_all_is_well(photos: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["data", "check", str(photos), "--json", "--workers", "0"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert cli.main(["data", "check", str(photos), "--workers", "0"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0].split() == ["split", "pictures", "most", "frequent", "size"]
    assert text.rstrip().endswith("no defects")


def test_defects_are_rows_and_words_and_exit_1(photos: Path, capsys: pytest.CaptureFixture[str]):
    (photos / "ant" / "0.png").write_bytes(b"not a picture")
    assert cli.main(["data", "check", str(photos), "--json", "--workers", "0"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert list(row) == ["path", "where", "annotation_id", "found", "expected", "cure"]
    assert (row["path"], row["where"], row["annotation_id"]) == (str(photos / "ant" / "0.png"), None, None)
    assert (row["found"], row["cure"][:16]) == ("text", "replace the file")
    assert cli.main(["data", "check", str(photos), "--workers", "0"]) == 1
    text = capsys.readouterr().out
    assert "  ant/0.png: found text\n" in text
    assert text.rstrip().endswith("1 defect in 1 file")


def test_data_that_are_not_there_are_a_row_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["data", "check", str(tmp_path / "nowhere"), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert row["path"] == str(tmp_path / "nowhere")
    assert cli.main(["data", "check", "scenes:count=2,size=32", "--split", "rain", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert "'rain'" in row["found"]


def test_malformed_commands(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["data", "check", "x", "--workers", "many"]) == 2
    assert cli.main(["data", "check", "x", "--nothing"]) == 2
    assert cli.main(["data", "check", "nothing:x"]) == 2
    assert (
        "known are --allow-outside --flip --help --html --json --model --quick --scales --split --workers"
        in capsys.readouterr().err
    )


def test_scenes_are_sound(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["data", "check", "scenes:count=6,size=64", "--split", "train", "--json", "--workers", "0"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_the_page_escapes_names_and_fetches_nothing(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    page = tmp_path / "check.html"
    (photos / "ant" / "0.png").write_bytes(b"not a picture")
    assert cli.main(["data", "check", str(photos), "--html", str(page), "--workers", "0"]) == 1
    text = page.read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)"', text))
    assert ">ant/0.png<" in text
    assert text.count("<img ") >= 2
    assert capsys.readouterr().out.endswith("check.html shows more\n")


def test_many_alike_defects_are_cut_in_words_and_whole_in_json(photos: Path, capsys: pytest.CaptureFixture[str]):
    for number in range(20):
        (photos / "ant" / f"bad\x1b{number:02}.png").write_bytes(b"")
    assert cli.main(["data", "check", str(photos), "--workers", "0"]) == 1
    text = capsys.readouterr().out
    assert "20 x expected: a picture" in text
    assert "... and 8 more, which --json lists" in text
    assert "\x1b" not in text
    assert cli.main(["data", "check", str(photos), "--json", "--workers", "0"]) == 1
    assert len(json.loads(capsys.readouterr().out)) == 20
