"""``saccade compare`` and ``saccade plan``: what is typed, what is printed, how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.cli import main
from saccade.command_line.compare import _typed
from saccade.core.errors import UsageError
from saccade.training.setup.choice.choose import choose
from small_runs import same_weights

WORDS = ["--width", ".25", "--batch", "4", "--device", "cpu", "--precision", "32", "--workers", "0", "--threads", "1"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for split in ("train", "val"):
        for name in ("dark", "light"):
            (root / split / name).mkdir(parents=True)
            for number in range(4):
                noisy = rng.integers(0, 128, (28, 28, 3)) + 127 * (name == "light")
                Image.fromarray(noisy.astype(np.uint8)).save(root / split / name / f"{number}.png")
    return root


def test_options_are_of_their_types_and_each_system_has_its_own(photos: Path) -> None:
    words = ["classifier:trunk=resnet18,pretrained=no,width=.5", "resnet18", "--data", str(photos), "--out", "c"]
    typed, entrants = _typed([*words, "--minutes", "2", "--lr", ".1", "--max-params", "5M", "--width", ".25"])
    assert entrants == [("classifier", {"trunk": "resnet18", "pretrained": False, "width": 0.5}), "resnet18"]
    words = ["resnet18:freeze=trunk.layer1,trunk.layer2,init=runs/a", "--data", "x", "--out", "c"]
    assert _typed(words)[1] == [("resnet18", {"freeze": ("trunk.layer1", "trunk.layer2"), "init": "runs/a"})]
    assert (typed["minutes"], typed["lr"], typed["max_params"], typed["width"]) == (2.0, 0.1, "5M", 0.25)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["lenet", "--data", "x", "--out", "y"], "did you mean lenet5"),
        (["lenet5", "--out", "y"], "give --data"),
        (["lenet5", "--data", "x"], "give --out"),
        (["lenet5", "--data", "x", "--out", "y", "--trunk", "resnet18"], "--trunk"),
        (["lenet5:widht=.5", "--data", "x", "--out", "y"], "did you mean width"),
        (["lenet5:width=wide", "--data", "x", "--out", "y"], "a number"),
        (["lenet5", "--data", "x", "--out", "y", "--max-sm", "3"], "did you mean --max-ms"),
    ],
)
def test_what_is_mistyped_is_refused_before_anything_is_read(words: list[str], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        _typed(words)


def test_a_comparison_where_nobody_comes_to_an_end_exits_with_1(photos: Path, tmp_path: Path, capsys) -> None:
    words = ["lecture_cnn:size=4", "--data", str(photos), "--out", str(tmp_path / "c"), "--steps", "1", *WORDS]
    assert main(["compare", *words]) == 1
    told = capsys.readouterr()
    assert "lecture_cnn:size=4" in told.out
    assert "failed: " in told.out
    assert "no winner" in told.out


def test_a_plan_is_what_train_would_do(photos: Path, capsys) -> None:
    assert main(["plan", str(photos), "--epochs", "1", "--size", "64", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    choice = choose(str(photos), None, {"epochs": 1, "size": 64})
    assert plan["command"] == choice.command(str(photos))
    assert plan["reasons"][: len(choice.reasons)] == list(choice.reasons)
    assert (plan["task"], plan["system"], plan["batch"], plan["passes"]) == ("classify", "classifier", 4, 1)
    # The recipe of few pictures: .001 for sixteen, by the square-root rule for four.
    assert (plan["optimiser"], plan["lr"]) == ("adamw", pytest.approx(0.0005))
    assert plan["precision"] in ("32", "bf16")
    weights = plan["parameters"] * 4 / 2**20
    assert plan["memory"] > 4 * weights  # weights, gradients and two of AdamW's, and the maps besides
    assert plan["minutes"] == pytest.approx(8 / plan["pace"] / 60)
    assert any("batches of 4 pictures: fewer than the recipe's 16" in line for line in plan["reasons"])


def test_a_plan_without_data_or_with_a_strange_flag_is_refused() -> None:
    assert main(["plan"]) == 2
    assert main(["plan", "scenes", "--trunk", "resnet18"]) == 2
    assert main(["plan", "/nowhere"]) == 1


@pytest.mark.slow
def test_a_comparison_that_is_killed_goes_on_to_the_same_end(photos: Path, tmp_path: Path) -> None:
    def words(out: Path, *more: str) -> list[str]:
        asked = ["compare", "resnet20", "lenet5:lr=.001", "--data", str(photos), "--out", str(out), "--steps", "30"]
        return [sys.executable, "-m", "saccade", *asked, *WORDS, "--save-every", "1", "--shown", "1", *more]

    def start(out: Path, *more: str) -> subprocess.Popen[str]:
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        return subprocess.Popen(words(out, *more), env=env, stdout=pipe, stderr=pipe, text=True)

    def steps(run: Path) -> int:
        log = run / "metrics.jsonl"
        return sum('"step"' in line for line in log.read_text().splitlines()) if log.exists() else 0

    def until(process: subprocess.Popen[str], run: Path, step: int) -> None:
        deadline = time.monotonic() + 250
        while steps(run) < step:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    process = start(whole)
    assert process.wait(280) == 0, process.communicate()
    process.communicate()
    process = start(broken)
    until(process, broken / "runs" / "resnet20", 5)
    process.kill()
    process.communicate()
    process = start(broken, "--resume")
    until(process, broken / "runs" / "lenet5-lr=0.001", 3)
    first = (broken / "runs" / "resnet20" / "metrics.jsonl").read_bytes()
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=100)[1]
    assert process.returncode == 143, told
    assert "--resume" in told
    process = start(broken, "--resume", "--json")
    out, told = process.communicate(timeout=280)
    assert process.returncode == 0, told
    assert (broken / "runs" / "resnet20" / "metrics.jsonl").read_bytes() == first
    for name in ("resnet20", "lenet5-lr=0.001"):
        assert same_weights(whole / "runs" / name, broken / "runs" / name)
    wanted = json.loads((whole / "leaderboard.json").read_text())
    found = json.loads(out)
    # Of equal scores the quicker one stands first: the order may differ, the scores may not.
    assert {row["name"]: row["scores"] for row in found["rows"]} == {
        row["name"]: row["scores"] for row in wanted["rows"]
    }
