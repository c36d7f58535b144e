"""``saccade systems --time``: a time a system, the table without it as before."""

import json

import pytest

from saccade import cli
from saccade.command_line import systems
from saccade.command_line.answer_time import answer_time


def test_a_system_s_time_is_measured() -> None:
    assert 0 < answer_time("lenet5", budget=0.0) < 60


def test_the_column_stands_behind_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(systems, "answer_time", lambda name: asked.append(name) or len(asked) / 100)
    assert cli.main(["systems", "--task", "localize"]) == 0
    plain = capsys.readouterr().out.splitlines()
    assert asked == []
    assert cli.main(["systems", "--task", "localize", "--time"]) == 0
    timed = capsys.readouterr().out.splitlines()
    assert asked
    assert [line[: len(old)] for line, old in zip(timed, plain, strict=False)] == plain
    assert timed[1].endswith("  ms here")
    cells = [line.rsplit(maxsplit=1)[1] for line in timed[2 : 2 + len(asked)]]
    assert [float(cell) for cell in cells] == [10.0 * place for place in range(1, len(asked) + 1)]
    assert len({len(line) for line in timed[1 : 2 + len(asked)]}) == 1


def test_json_has_milliseconds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systems, "answer_time", lambda _: 0.25)
    assert cli.main(["systems", "--task", "localize", "--json", "--time"]) == 0
    assert {row["milliseconds"] for row in json.loads(capsys.readouterr().out)} == {250.0}
