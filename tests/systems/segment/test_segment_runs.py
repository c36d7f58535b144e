"""A segmenter goes every way that a user goes: trained, broken off and resumed, measured, asked."""

import json
from pathlib import Path
from typing import Any

import pytest

import saccade as sc
from saccade.cli import main
from small_runs import CrashAt, PowerCutError, losses, same_weights

DATA = "scenes:count=6,size=64"
SETTINGS: dict[str, Any] = {
    "steps": 2,
    "batch": 2,
    "workers": 0,
    "threads": 1,
    "seed": 3,
    "val": "scenes:count=2,size=64",
}
OPTIONS: dict[str, Any] = {"trunk": "vgg11", "width": 0.0625, "padding": 0, "size": 64}


@pytest.mark.slow
def test_a_run_is_resumed_to_the_same_bits_measured_and_asked(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    sc.train("fcn8s", DATA, whole, **SETTINGS, **OPTIONS)
    with pytest.raises(PowerCutError):
        sc.train("fcn8s", DATA, broken, callbacks=[CrashAt(step=1)], save_every=1, **SETTINGS, **OPTIONS)
    sc.train("fcn8s", DATA, broken, save_every=1, resume=True, **SETTINGS, **OPTIONS)
    assert same_weights(whole, broken)
    assert losses(whole) == losses(broken)
    assert main(["evaluate", str(whole), "--out", str(tmp_path / "scores")]) == 0
    scores = json.loads((tmp_path / "scores" / "scores.json").read_text())
    assert {"pixel_accuracy", "mean_accuracy", "miou", "fwiou", "dice"} <= set(scores)
    found = sc.load(whole)(sc.open_data("scenes:count=1,size=90")[0].image)
    assert found.semantic is not None
    assert found.semantic.shape == (90, 90)
