"""``saccade reproduce``: the list, what is refused, and how a stopped one is taken up."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from saccade import cli
from saccade.reproduce.catalogue import EXPERIMENTS


def test_without_a_name_all_are_listed_with_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reproduce"]) == 0
    told = capsys.readouterr().out
    for name, one in EXPERIMENTS.items():
        line = next(line for line in told.splitlines() if line.startswith(name))
        assert str(one.minutes) in line
        assert all(folder in line for folder in one.folders)
    assert cli.main(["reproduce", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed] == list(EXPERIMENTS)
    assert {"segnet-table1", "rcnn-ladder", "fcn-skips", "hourglass-stacks", "transfer"} <= set(EXPERIMENTS)
    assert all(one["claims"] and one["paper"] for one in listed)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["segnet-tabel1"], 2, "did you mean segnet-table1?"),
        (["transfer", "segnet_table_one"], 2, "experiments are"),
        (["segnet-table1", "--sedes", "2"], 2, "did you mean --seeds?"),
        (["segnet-table1", "--seeds", "many"], 2, "--seeds"),
        (["segnet-table1", "--seeds", "0"], 2, "1 or more"),
        (["segnet-table1", "--full", "--quick"], 2, "not allowed"),
        (["hourglass-stacks", "--data", "."], 2, "leave out --data"),
        (["segnet-table1", "--data", "."], 1, "camvid in the folder of data"),
        (["segnet-table1", "--full"], 1, "--data DIR"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(
    words: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["reproduce", *words]) == code
    found = capsys.readouterr()
    assert said in found.err
    assert found.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_one_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def stopped(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("saccade.reproduce.reproduce.reproduce", stopped)
    assert cli.main(["reproduce", "segnet-table1", "--out", str(tmp_path)]) == 130
    assert f"saccade reproduce segnet-table1 --out {tmp_path}" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_one_goes_on_where_it_stopped(tmp_path: Path) -> None:
    words = ["reproduce", "segnet-table1", "--quick", "--seeds", "1", "--out", str(tmp_path)]
    command = [sys.executable, "-m", "saccade", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pieces = tmp_path / "segnet-table1" / "pieces"
    begun = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    while not (pieces / "bilinear_interpolation-0.json").exists():
        assert begun.poll() is None
        time.sleep(0.05)
    begun.send_signal(signal.SIGTERM)
    out, err = begun.communicate()
    assert begun.returncode == 143
    assert out == ""
    assert f"To go on:\n  saccade {' '.join(words)}" in err
    assert not (tmp_path / "segnet-table1.json").exists()
    kept = {path: path.stat().st_mtime_ns for path in pieces.iterdir()}
    assert 3 <= len(kept) < 10
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())
    assert len(list(pieces.iterdir())) == 10
    assert "SegNet-Basic" in done.stdout
    assert "no claim is judged" in done.stdout
    assert json.loads((tmp_path / "segnet-table1.json").read_text())["judged"] is False
