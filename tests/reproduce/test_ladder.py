"""The ladder's stopwatch and photographs; and that timing leaves the classes that it watches as they were."""

import pytest
from torch import nn

from saccade.ops.boxes.suppression import Suppression
from saccade.reproduce.ladder.photographs import MOST, photographs
from saccade.reproduce.ladder.rungs import RUNGS, STAGES, Common, TimedRungs
from saccade.reproduce.ladder.stopwatch import Stopwatch


class Cook:
    """Two methods, one of which calls the other."""

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock

    def dinner(self) -> None:
        self.clock[0] += 2
        self.soup()
        self.clock[0] += 1

    def soup(self) -> None:
        self.clock[0] += 4


def test_a_second_counts_for_the_innermost(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("saccade.reproduce.ladder.stopwatch.time.perf_counter", lambda: clock[0])
    cook, own = Cook(clock), Cook.soup
    with Stopwatch() as watch:
        watch.watch(cook, "dinner", "dinner")
        watch.watch(Cook, "soup", "soup")
        with watch.during("rest"):
            clock[0] += 8
            cook.dinner()
        assert watch.seconds == {"rest": 8, "dinner": 3, "soup": 4}
        watch.reset()
        assert watch.seconds == {}
    assert Cook.soup is own
    assert "dinner" not in vars(cook)


def test_photographs_are_of_one_kind() -> None:
    found = photographs(MOST)
    assert all(one.shape[0] == 3 and min(one.shape[1:]) >= 400 for one in found)
    assert all(one.is_contiguous() for one in found)
    with pytest.raises(ValueError, match="at most 5"):
        photographs(6)


def test_a_rung_is_timed_and_nothing_stays_watched() -> None:
    before = (Suppression.best, Suppression.final, nn.Module.__call__)
    timed = TimedRungs(Common("vgg16", 1 / 32, 128, 20), photographs(2))
    told = timed.measure(RUNGS["faster_rcnn"])
    assert (Suppression.best, Suppression.final, nn.Module.__call__) == before
    assert {"seconds", "whole", "trunk", "proposals", "pool", "layers", "suppression", "rest", "step"} == set(told)
    assert all(value > 0 for values in told.values() for value in values)
    assert told["whole"] == told["seconds"]  # it searches by itself
    stages = sum(told[stage][0] for stage in STAGES if stage in told)
    assert told["whole"][0] == pytest.approx(stages)
