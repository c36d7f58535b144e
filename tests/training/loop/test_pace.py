"""What fits into the minutes, and what to do where it is little."""

import pytest

from saccade.core.input.input_spec import InputSpec
from saccade.network.recipe import Recipe
from saccade.training.loop.pace import Pace, smaller, told
from saccade.training.settings import TrainSettings
from saccade.training.setup.plan import Plan
from saccade.training.setup.small_set import small_set

SPEC = InputSpec("shorter", shorter=320, longest=533)


def plan(**settings: float) -> Plan:
    return Plan(Recipe(), TrainSettings(**{"batch": 8, **settings}), batches=20)


def test_enough_is_said_in_steps_and_epochs() -> None:
    assert (
        told(plan(minutes=10), SPEC, 2.0) == "pace: 4.0 pictures/s; about 300 steps, 15.0 epochs, fit into the minutes"
    )


def test_little_comes_with_flags_that_help() -> None:
    line = told(plan(minutes=6), SPEC, 45.0)
    assert "about 8 steps, 0.4 epochs" in line
    assert line.endswith("try --size 128 --batch 4")


@pytest.mark.parametrize(
    ("factor", "flags"),
    [(1.5, "--batch 5"), (2, "--batch 4"), (8, "--size 160 --batch 4"), (1000, "--size 96 --batch 4")],
)
def test_batches_shrink_before_pictures(factor: float, flags: str) -> None:
    assert smaller(plan(minutes=1), SPEC, factor) == flags


def test_what_cannot_shrink_needs_time() -> None:
    assert smaller(plan(minutes=1, batch=4), InputSpec(), 5) == "more --minutes, or a smaller --trunk"


def test_steps_that_are_counted_are_told_in_minutes() -> None:
    assert told(plan(steps=300), SPEC, 2.0) == "pace: 4.0 pictures/s; 300 steps take about 10 minutes, validation apart"


def test_it_is_said_after_the_second_step_of_each_stage() -> None:
    lines: list[str] = []
    small = Plan(small_set(Recipe(), boxes=True), TrainSettings(batch=8, steps=100), batches=20)
    pace = Pace(small, SPEC, lines.append)
    said: list[int] = []
    for step in range(1, 101):
        before = len(lines)
        pace.on_step(step, {})
        said += [step] * (len(lines) - before)
    assert said == [2, 16]
    assert "trunk standing still" in lines[0]
    assert "standing" not in lines[1]
