"""A name that a training and a system both have, such as ``schedule``: the value tells which of them is meant."""

from pathlib import Path
from typing import Any

import pytest

from saccade import cli
from saccade.core.errors import UsageError
from saccade.systems import SYSTEMS
from saccade.systems.build import words_of
from saccade.training.setting_limits import CHOICES
from saccade.training.setup.resolved_run import split_options


@pytest.mark.parametrize("system", ["faster_rcnn", "rfcn"])
def test_the_value_tells_whose_name_it_is(system: str) -> None:
    settings, own = split_options(system, {"schedule": "alternate", "lr": 0.1})
    assert own == {"schedule": "alternate"}
    assert (settings.schedule, settings.lr) == (None, 0.1)
    settings, own = split_options(system, {"schedule": "cosine"})
    assert (settings.schedule, own) == ("cosine", {})
    settings, own = split_options(system, {"schedule": None})
    assert (settings.schedule, own) == (None, {})


def test_other_values_are_refused_with_both_lists() -> None:
    with pytest.raises(UsageError, match=r"constant, step, cosine.*joint, alternate.*found 'alternately'"):
        split_options("faster_rcnn", {"schedule": "alternately"})
    with pytest.raises(UsageError, match="one of constant, step, cosine, poly, plateau, found 'alternate'"):
        split_options("retinanet", {"schedule": "alternate"})


def test_no_word_means_both() -> None:
    for function in SYSTEMS.values():
        words = words_of(function)
        assert not any(set(words[name]) & set(CHOICES[name]) for name in set(words) & set(CHOICES))


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """What trainings would have been: settings and options of the system."""
    calls: list[tuple[Any, dict[str, Any]]] = []

    def train(what: str, data: str, out: str, val: Any = None, resume: bool = False, **options: Any) -> None:
        calls.append(split_options(what, options))

    monkeypatch.setattr("saccade.training.train.train", train)
    return calls


def test_flags_and_files_say_it(trained: list[tuple[Any, dict[str, Any]]], tmp_path: Path, capsys: Any) -> None:
    words = ["train", "faster_rcnn", "--data", "photos", "--out", str(tmp_path / "run")]
    file = tmp_path / "alternate.yaml"
    file.write_text("schedule: alternate\n")
    assert cli.main([*words, "--schedule", "alternate"]) == 0
    assert cli.main([*words, "--config", str(file)]) == 0
    assert cli.main([*words, "--config", str(file), "--schedule", "poly"]) == 0
    assert [(settings.schedule, own) for settings, own in trained] == [
        (None, {"schedule": "alternate"}),
        (None, {"schedule": "alternate"}),
        ("poly", {}),
    ]
    capsys.readouterr()
    assert cli.main([*words, "--schedule", "alternating"]) == 2
    told = capsys.readouterr().err
    assert "plateau" in told
    assert "alternate (of the system)" in told
    assert cli.main(["train", "faster_rcnn", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "constant, step, cosine, poly or plateau. Of the system: ``joint``" in shown
