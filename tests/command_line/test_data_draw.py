"""``saccade data draw``: sheets and pages of any data, also of faulty ones."""

from pathlib import Path

import pytest
from PIL import Image

from made import coco_content, write_coco
from saccade import cli


def test_a_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sheet.png"
    assert cli.main(["data", "draw", "scenes:count=9,size=64", "--count", "5", "--out", str(out)]) == 0
    assert "5 of 9 pictures drawn" in capsys.readouterr().out
    with Image.open(out) as first:
        assert (first.width, first.height) == (4 * (320 + 10) + 10, 2 * (320 + 22 + 10) + 10)
    again = tmp_path / "again.png"
    assert cli.main(["data", "draw", "scenes:count=9,size=64", "--count", "5", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    other = ["data", "draw", "scenes:count=9,size=64", "--count", "5", "--seed", "4", "--out", str(again)]
    assert cli.main(other) == 0
    assert again.read_bytes() != out.read_bytes()


def test_pictures_of_a_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(write_coco(tmp_path / "coco"))
    out = str(tmp_path / "page.html")
    assert cli.main(["data", "draw", root, "--class", "bee", "--out", out]) == 0
    assert "1 of 3 pictures drawn" in capsys.readouterr().out
    assert cli.main(["data", "draw", root, "--class", "wasp", "--out", out]) == 2
    assert "ant, bee, cat" in capsys.readouterr().err


def test_defects_are_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = coco_content()
    content["annotations"][3]["bbox"] = [1, 2, -3, 4]
    root = write_coco(tmp_path / "coco", content)
    (root / "train/5.png").write_bytes(b"no picture")
    page = tmp_path / "page.html"
    assert cli.main(["data", "draw", str(root), "--out", str(page)]) == 1
    assert "annotation 14" in capsys.readouterr().err
    assert cli.main(["data", "draw", str(root), "--defects", "--out", str(page)]) == 0
    assert 'class="bad"' in page.read_text(encoding="utf-8")
    assert 'id="defect"' in page.read_text(encoding="utf-8")
    sheet = ["data", "draw", str(root), "--defects", "--out", str(tmp_path / "bad.png")]
    assert cli.main(sheet) == 0
    assert " of 3 pictures drawn" in capsys.readouterr().out


def test_wrong_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["data", "draw", "scenes", "--out", str(tmp_path / "drawn.gif")]) == 2
    assert cli.main(["data", "draw", "scenes", "--count", "0"]) == 2
    assert cli.main(["data", "draw", str(tmp_path), "--augment", "mosiac=1"]) == 2
    assert "mosaic: Probability that four pictures share a canvas" in capsys.readouterr().err
    assert cli.main(["data", "draw", "scenes", "--augment", "mosaic=1", "--defects"]) == 2
    assert cli.main(["data", "draw", "scenes", "--system", "ssd301"]) == 2
    assert cli.main(["data", "draw", "scenes:count=2,size=32", "--size", "32", "--augment", "zoom=1:2"]) == 1
    assert not list(tmp_path.iterdir())


def test_pictures_as_a_training_sees_them(tmp_path: Path) -> None:
    sheets: list[bytes] = []
    words = ["--system", "ssd300"], ["--augment", "mosaic=1"], ["--augment", "mosaic=1", "--seed", "2"], []
    for number, more in enumerate(words):
        out = tmp_path / f"{number}.png"
        assert cli.main(["data", "draw", "scenes:count=2,size=64", "--count", "2", "--out", str(out), *more]) == 0
        sheets.append(out.read_bytes())
    assert len(set(sheets)) == 4
