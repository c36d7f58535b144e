"""``saccade reproduce``: the list, what is refused, and how a stopped one is taken up."""

import json
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
