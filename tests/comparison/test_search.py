"""A search: its space, its trials, losers that stop early, and the same search after it was broken off."""

import sys
from pathlib import Path
from typing import Any

import pytest

from comparison.conftest import SETTINGS
from saccade.comparison import search as module
from saccade.comparison.entrant import entrants_of
from saccade.comparison.folder import ComparisonFolder
from saccade.comparison.search import Search, searched
from saccade.comparison.search_space import Space
from saccade.comparison.settings import CompareSettings
from saccade.comparison.terms import Terms
from saccade.core.errors import UsageError


def terms_of(photos: Path, out: Path, trials: int = 4) -> tuple[Any, Terms]:
    settings = {**SETTINGS, "steps": 27}
    shared = {name: value for name, value in settings.items() if name != "steps"}
    (entrant,) = entrants_of(["resnet20"], shared)
    compare = CompareSettings(steps=27, search=trials)
    return entrant, Terms(photos, None, compare, ComparisonFolder(out), lambda _: None, shared)


def test_without_optuna_it_is_said_what_to_install(photos: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    entrant, terms = terms_of(photos, tmp_path)
    with pytest.raises(UsageError, match="optuna to be installed") as caught:
        searched(entrant, terms)
    assert "pip install saccade[search]" in str(caught.value)


def test_what_the_user_said_is_not_sought(photos: Path, tmp_path: Path) -> None:
    entrant, terms = terms_of(photos, tmp_path)
    free = Search(entrant, terms).space
    assert free.lr is not None
    assert (free.sizes, free.trunks) == ((), ())  # its side of 32 is part of its design, and so is its trunk
    (said,) = entrants_of([("resnet20", {"lr": 0.1, "size": 32})], terms.shared)
    assert Search(said, terms).space == Space(None, (), (), frozenset({*terms.shared, "lr", "size"}))


def test_values_become_options() -> None:
    space = Space(0.01, (64, 32, 96), ("own", "efficientnet_lite0", "resnet18"), frozenset())
    assert space.first == {"rate": 1.0, "size": 64, "trunk": "own"}
    assert space.options(space.first) == {}
    found = space.options({"rate": 0.5, "size": 32, "trunk": "efficientnet_lite0"})
    assert found == {"lr": 0.005, "size": 32, "trunk": "efficientnet_lite0", "pretrained": True}
    said = Space(None, (), ("own", "efficientnet_lite0"), frozenset({"pretrained"}))
    assert said.options({"trunk": "efficientnet_lite0"}) == {"trunk": "efficientnet_lite0"}


def played(photos: Path, out: Path, monkeypatch, scores: Any, trials: int, stop_at: int | None = None) -> Any:
    """A search whose trainings are a function of rate and rung, so that what is stopped can be told by hand."""
    calls: list[tuple[float, int]] = []

    def scored(self: Search, found: dict[str, Any], rung: int, share: float) -> float:
        if stop_at is not None and len(calls) == stop_at:
            raise KeyboardInterrupt
        rate = found.get("lr", self.space.lr) / self.space.lr
        calls.append((rate, rung))
        return scores(rate, rung)

    monkeypatch.setattr(module.Search, "_scored", scored)
    entrant, terms = terms_of(photos, out, trials)
    try:
        return searched(entrant, terms), calls
    except KeyboardInterrupt:
        return None, calls


def test_losers_stop_early_and_a_search_that_was_broken_off_is_the_same(photos, tmp_path, monkeypatch) -> None:
    pytest.importorskip("optuna")

    def scores(rate: float, rung: int) -> float:
        return -abs(rate - 2.0) + rung / 100

    whole, calls = played(photos, tmp_path / "a", monkeypatch, scores, 8)
    rungs = {rate: max(r for other, r in calls if other == rate) for rate, _ in calls}
    assert len(rungs) == 8
    best = min(rungs, key=lambda rate: abs(rate - 2.0))
    assert (rungs[best], rungs[1.0]) == (2, 2)  # the first trial, the system as it is, has nobody to lose to
    assert min(rungs.values()) == 0
    assert whole.options["lr"] == pytest.approx(best * Search(*terms_of(photos, tmp_path / "a")).space.lr, rel=1e-3)
    assert "searched: lr=" in whole.note
    nothing, before = played(photos, tmp_path / "b", monkeypatch, scores, 8, stop_at=6)
    assert nothing is None
    again, after = played(photos, tmp_path / "b", monkeypatch, scores, 8)
    assert again.options == whole.options
    assert {rate for rate, _ in before + after} == set(rungs)
    over, nothing_more = played(photos, tmp_path / "b", monkeypatch, scores, 8)
    assert (over.options, nothing_more) == (whole.options, [])


@pytest.mark.slow
def test_a_search_trains_and_the_found_options_are_trained_in_full(photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    entrant, terms = terms_of(photos, tmp_path, trials=2)
    found = searched(entrant, terms)
    runs = sorted((tmp_path / "search").rglob("config.yaml"))
    assert len(runs) >= 4  # three rungs of the first trial, one of the second
    assert {run.parent.name for run in runs} == {"rung-1", "rung-2", "rung-3"}
    assert found.options.items() >= entrant.options.items()
