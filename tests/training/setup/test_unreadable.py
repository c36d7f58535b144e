"""Pictures that cannot be read are found before step 0: a few are left out, more stop the training."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import saccade as sc
from saccade.core.errors import DataError
from saccade.data.loading.first_look import unreadable
from saccade.runtime.evaluate.report import left_out
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.feed.skip_list import SkipList
from saccade.training.setup.checks.unreadable import without_unreadable
from saccade.training.setup.data import Data

TINY = {"width": 0.25, "size": 32, "batch": 4, "steps": 2, "workers": 0}


def pictures(root, count=6, splits=("train", "val")):
    rng = np.random.default_rng(0)
    for split in splits:
        for name in ("cat", "dog"):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 255, (40, 50, 3), np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{number}.jpg")
    return root


def cut(path, count=20):
    path.write_bytes(path.read_bytes()[:-count])


def broken_text(path):
    path.write_text("no picture")


def swapped(path):
    """Whole, with notes behind the end: no fault."""
    path.write_bytes(path.read_bytes() + b"notes of a camera")


@pytest.mark.parametrize(("change", "bad"), [(cut, True), (broken_text, True), (swapped, False)])
def test_what_is_found(tmp_path, change, bad):
    root = pictures(tmp_path, splits=("train",))
    change(root / "train/dog/3.jpg")
    found = unreadable(sc.open_data(root))
    assert [(index, error.path) for index, error in found] == [(9, str(root / "train/dog/3.jpg"))] * bad


def test_a_short_mask_counts_too(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        for number in range(2):
            Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / folder / f"{number}.png")
    (tmp_path / "classes.txt").write_text("road\ncar\n")
    cut(tmp_path / "masks/1.png")
    assert [index for index, _ in unreadable(sc.open_data(tmp_path))] == [1]


def test_wrappers_lead_to_the_file(tmp_path):
    root = pictures(tmp_path)
    cut(root / "val/cat/2.jpg")
    parts = sc.open_data([root, root / "val"], preferred="val")
    assert [index for index, _ in unreadable(parts)] == [2, 14]


def test_one_short_picture_on_each_side_is_left_out_and_told(tmp_path, capfd):
    root = pictures(tmp_path / "data")
    cut(root / "train/dog/3.jpg")
    cut(root / "val/cat/1.jpg")
    run = sc.train("lenet5", root, tmp_path / "run", **TINY)
    said = capfd.readouterr().err
    assert "warning: 1 of 12 training picture" in said
    assert "train/dog/3.jpg" in said
    assert "val/cat/1.jpg" in said
    records = [json.loads(line) for line in (run.path / "skipped.jsonl").read_text().splitlines()]
    assert [(one["id"], one["side"]) for one in records] == [
        ("train/dog/3.jpg", "training"), ("val/cat/1.jpg", "validation")
    ]  # fmt: skip
    assert left_out(RunFolder(run.path)) == {"left out": "2 unreadable (skipped.jsonl)"}


@pytest.mark.parametrize(("on_bad", "count"), [("fail", 1), ("skip", 2)])
def test_more_than_may_be_left_out_stops_before_step_0(tmp_path, on_bad, count):
    root = pictures(tmp_path / "data")
    for number in range(count):
        cut(root / f"train/cat/{number}.jpg")
    with pytest.raises(DataError, match=r"train/cat/0\.jpg") as caught:
        sc.train("lenet5", root, tmp_path / "run", on_bad=on_bad, **TINY)
    assert caught.value.found.startswith(f"{count}")
    assert "data check" in str(caught.value.cure)
    assert not (tmp_path / "run").exists()


def test_a_run_that_goes_on_leaves_out_what_it_left_out(tmp_path):
    root, said = pictures(tmp_path), []
    whole = (root / "train/dog/3.jpg").read_bytes()
    cut(root / "train/dog/3.jpg")
    data = Data(sc.open_data(root), None, "data", None)
    first = without_unreadable(data, "skip", SkipList(tmp_path / "skipped.jsonl", said.append), True, said.append)
    (root / "train/dog/3.jpg").write_bytes(whole)
    cut(root / "train/cat/0.jpg")
    again = SkipList(tmp_path / "skipped.jsonl", said.append)
    second = without_unreadable(replace(data), "skip", again, False, said.append)
    assert [one.train.id(9) for one in (first, second)] == ["train/dog/4.jpg"] * 2
    assert len(first.train) == len(second.train) == 11
