"""The alternating timer and its arithmetic, by hand-sized numbers."""

import json

import pytest
from bench.pairs import Lane, Spread, alternate, cost, speed_up
from bench.side import Lap
from bench.table import as_json, markdown


class Racer:
    """Takes one second more each round, and notes its turns."""

    def __init__(self, name: str, turns: list[str]) -> None:
        self.name, self.turns = name, turns

    def lap(self) -> Lap:
        self.turns.append(self.name)
        return Lap(float(self.turns.count(self.name)))


def test_sides_take_turns_and_warm_up_rounds_are_thrown_away():
    turns: list[str] = []
    laps = alternate({name: Racer(name, turns) for name in "ab"}, rounds=2, warm_up=1)
    assert turns == list("ababab")
    assert {name: [lap.seconds for lap in its] for name, its in laps.items()} == {"a": [2, 3], "b": [2, 3]}


def test_speed_up_is_the_median_of_the_rounds_own_ratios():
    row = speed_up("q", Lane("us", [1, 2, 4]), Lane("them", [4, 4, 4]), unit="img/s", amount=8, aim=2.0)
    assert row.ratio == Spread(2, 1, 4)
    assert row.ours_value == Spread(4, 2, 8)
    assert row.beside_value == Spread(2, 2, 2)
    assert row.reached


def test_cost_counts_the_other_way_and_is_bounded_from_above():
    row = cost("q", Lane("us", [3, 3]), Lane("them", [2, 2]), aim=1.25)
    assert row.ratio == Spread(1.5, 1.5, 1.5)
    assert row.reached is False
    assert cost("q", Lane("us", [3]), Lane("them", [2])).reached is None


def test_sides_with_unlike_numbers_of_rounds_are_refused():
    with pytest.raises(ValueError, match="zip"):
        cost("q", Lane("us", [1, 1]), Lane("them", [1]))


def test_the_table_says_both_sides_ratio_aim_and_verdict():
    row = speed_up("steps", Lane("us", [0.5]), Lane("them", [1.25]), unit="img/s", amount=100, aim=2.5)
    header, rule, line = markdown([row]).splitlines()
    assert len(header) == len(rule) == len(line)
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "steps", "us: 200 (200 – 200) img/s", "them: 80 (80 – 80) img/s", "2.5 (2.5 – 2.5) ×", "≥ 2.5", "reached",
    ]  # fmt: skip


def test_a_table_of_nothing_is_its_header():
    assert len(markdown([]).splitlines()) == 2


def test_json_goes_there_and_back():
    row = cost("q", Lane("us", [3]), Lane("them", [2]), aim=2.0)
    plain = as_json({"cores": 2}, {"loader": [row]})
    assert json.loads(json.dumps(plain)) == plain
    assert plain["machine"] == {"cores": 2}
    assert plain["rows"][0]["bench"] == "loader"
    assert plain["rows"][0]["ratio"] == {"median": 1.5, "least": 1.5, "greatest": 1.5}
    assert plain["rows"][0]["reached"] is True
