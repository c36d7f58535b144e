"""Files of any name are read, listed and predicted; what cannot be read is named so that it can be found."""

import json
from pathlib import Path

import pytest
from PIL import Image

import saccade as sc
from saccade.cli import main
from saccade.core.errors import DataError

NAMES = [
    "a b.png",
    "\u00e9.png",
    "e\u0301.png",
    "漢字.png",
    "new\nline.png",
    "-dash.png",
    "#%&'$.png",
    "x" * 251 + ".png",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "a class").mkdir(parents=True)
    for value, name in enumerate(NAMES):
        Image.new("L", (8, 6), value).save(tmp_path / "photos" / "a class" / name)
    return tmp_path / "photos"


def test_odd_names_are_read_from_a_folder(folder: Path) -> None:
    dataset = sc.open_data(folder)
    found = {dataset.id(index): int(dataset[index].image[0, 0, 0]) for index in range(len(dataset))}
    assert found == {f"a class/{name}": value for value, name in enumerate(NAMES)}


def test_odd_names_are_answered(folder: Path, tmp_path: Path) -> None:
    data, run, out = str(folder), str(tmp_path / "run"), tmp_path / "out"
    (folder / "other").mkdir()
    Image.new("L", (8, 6), 9).save(folder / "other" / "plain.png")
    assert main(["train", "lenet5", "--data", data, "--out", run, "--steps", "1", "--batch", "4", "--width", ".5"]) == 0
    assert main(["predict", run, data, "--out", str(out)]) == 0
    answered = json.loads((out / "predictions.json").read_text())
    assert {Path(one["file"]).name for one in answered} == {*NAMES, "plain.png"}
    assert all((out / one["drawn"]).is_file() for one in answered)


@pytest.mark.parametrize("kind", ["circle", "dangling", "directory"])
def test_what_is_no_file_is_named(folder: Path, kind: str) -> None:
    bad = folder / "a class" / "bad\nname.jpg"
    if kind == "directory":
        bad.mkdir()
        assert len(sc.open_data(folder)) == len(NAMES)
        return
    bad.symlink_to(bad if kind == "circle" else folder / "absent.jpg")
    dataset = sc.open_data(folder)
    index = next(index for index in range(len(dataset)) if "bad" in dataset.id(index))
    with pytest.raises(DataError) as caught:
        dataset[index]
    assert caught.value.path == str(bad)
