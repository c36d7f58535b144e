"""Processes that take turns."""

import pytest
from bench.pairs import predictions, race
from bench.side import Call

SIDES = "tests.bench.small_sides"


def test_sides_answer_round_by_round_whatever_they_print():
    laps = race(
        {name: Call(f"{SIDES}:counting", {"start": start}, "saccade") for name, start in {"a": 0, "b": 10}.items()},
        rounds=2,
        warm_up=1,
    )
    assert predictions(laps["a"]) == [1, 2]
    assert predictions(laps["b"]) == [11, 12]
    assert all(lap.seconds >= 0 for its in laps.values() for lap in its)


def test_each_side_has_its_own_environment(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    asked = f"{SIDES}:surroundings", {"name": "OMP_WAIT_POLICY"}
    laps = race(
        {
            "inherited": Call(*asked, "saccade"),
            "set": Call(*asked, "saccade", {"OMP_WAIT_POLICY": "PASSIVE"}),
            "saccade's own": Call(*asked, "saccade", {"OMP_WAIT_POLICY": None}),
        },
        rounds=1,
        warm_up=0,
    )
    assert {name: its[0].prediction for name, its in laps.items()} == {
        "inherited": "ACTIVE",
        "set": "PASSIVE",
        "saccade's own": "PASSIVE",
    }


def test_a_side_that_fails_ends_the_race_by_name():
    with pytest.raises(RuntimeError, match="small_sides:failing"):
        race({"only": Call(f"{SIDES}:failing", {}, "saccade")}, rounds=1)
