"""Scores against strength: plain at 0, those of the disturbed data elsewhere, the same each time, and told in files."""

import json

import pytest

import saccade as sc
from helpers import TinyDataset, tiny_system
from saccade import cli
from saccade.core.errors import UsageError
from saccade.data.datasets.disturbed import DisturbedDataset
from saccade.runtime.evaluate.disturb import disturb
from saccade.runtime.evaluate.measure import evaluation_of
from saccade.runtime.predict.predictor import Predictor
from saccade.view.pages.disturb import Curves, shown_scores


def test_strength_nothing_is_the_plain_evaluation_to_the_last_bit():
    system, data = tiny_system(), TinyDataset(5)
    plain = sc.evaluate(system, data)
    for kind in ("shift", "blur"):
        assert dict(evaluation_of(system, DisturbedDataset(data, kind, 0.0, system.input.mean)).scores) == plain
    found = sc.disturb(system, data, kinds=["shift"], strengths=[1.0])
    assert {name: values[0] for name, values in found["shift"]["scores"].items()} == plain


def test_every_point_is_an_evaluation_of_the_disturbed_data():
    system, data = tiny_system(), TinyDataset(5)
    found = disturb(system, data, kinds=("rotate", "noise"), strengths=(1.0, 0.5), seed=3)
    assert list(found) == ["rotate", "noise"]
    assert found["rotate"]["strengths"] == [0.0, 0.5, 1.0]
    assert found["rotate"]["amounts"] == [0.0, 22.5, 45.0]
    expected = sc.evaluate(system, DisturbedDataset(data, "rotate", 0.5, system.input.mean, seed=3))
    assert {name: values[1] for name, values in found["rotate"]["scores"].items()} == expected
    assert found["noise"]["scores"]["loss"][2] != found["noise"]["scores"]["loss"][0]
    assert disturb(system, data, kinds=("rotate", "noise"), strengths=(0.5, 1.0), seed=3) == found


def test_boxes_are_judged_where_they_moved_to():
    # Two boxes that are the whole picture and its middle: as the object leaves the middle, the overlap falls.
    data = TinyDataset(4)
    found = disturb(tiny_system(), data, kinds=["shift"], strengths=[8.0])
    plain, gone = found["shift"]["scores"]["iou"]
    assert plain > 0.1
    assert gone is None  # no object is left to find


def test_files_hold_the_numbers_curves_and_examples(tmp_path):
    found = disturb(tiny_system(), TinyDataset(3), kinds=["scale", "brightness"], strengths=[1], out=tmp_path)
    assert json.loads((tmp_path / "disturb.json").read_text()) == found
    page = (tmp_path / "disturb.html").read_text()
    assert page.count("image/svg+xml") == len(shown_scores({"scale": Curves("", [], found["scale"]["scores"])}))
    assert page.count("<figure") == 2
    assert "doublings" in page
    assert page.count("<tr>") == 1 + 2 * 2


def test_no_pictures_are_undefined_at_every_strength(tmp_path):
    found = disturb(tiny_system(), TinyDataset(0), kinds=["shift"], strengths=[1], out=tmp_path)
    assert {value for values in found["shift"]["scores"].values() for value in values} == {None}


def test_unknown_kinds_are_refused_before_anything_is_measured():
    with pytest.raises(UsageError, match="shift, rotate"):
        disturb(tiny_system(), TinyDataset(3), kinds=["shift", "shake"])
    with pytest.raises(UsageError, match="none"):
        disturb(tiny_system(), TinyDataset(3), kinds=[])


def test_scores_that_are_shown_leave_losses_and_doubled_errors_out():
    scores = {"loss": [1.0], "loss/a/b": [1.0], "top1": [0.5], "error": [0.5], "iou": [None]}
    assert shown_scores({"shift": Curves("", [0.0], scores)}) == ["top1", "iou"]
    assert shown_scores({"shift": Curves("", [0.0], {"error": [0.5]})}) == ["error"]


def test_the_command_prints_the_usual_scores_and_those_of_disturbed_pictures(monkeypatch, capsys, tmp_path):
    system, data = tiny_system(), TinyDataset(4)
    monkeypatch.setattr("saccade.runtime.runs.load.load", lambda *_, **__: Predictor(system))
    monkeypatch.setattr("saccade.runtime.runs.data_of_run.data_of_run", lambda *_, **__: data)
    words = ["evaluate", "run", "--disturb", "shift, blur", "--strengths", ".5,1"]
    assert cli.main([*words, "--json", "--out", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: value for name, value in told.items() if name != "disturb"} == sc.evaluate(system, data)
    assert told["disturb"] == disturb(system, data, kinds=("shift", "blur"), strengths=(0.5, 1))
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"scores.json", "disturb.json", "disturb.html"}
    assert cli.main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(("shift\t", "blur\t")) for line in lines) == 6
    assert cli.main(["evaluate", "run", "--json"]) == 0
    assert "disturb" not in json.loads(capsys.readouterr().out)
    assert cli.main([*words[:2], "--strengths", "1"]) == 2
    assert cli.main([*words[:4], "--strengths", "-1"]) == 2
    assert cli.main([*words[:2], "--disturb", "shake"]) == 2
    assert "shift, rotate" in capsys.readouterr().err
