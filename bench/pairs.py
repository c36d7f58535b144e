"""The alternating timer: all sides in one run, round by round in turn, so that a slow moment is slow for all."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, Protocol

from bench.side import Call, Lap, Side


class Racer(Protocol):
    """What can do a round."""

    def lap(self) -> Lap:
        """One round."""
        ...


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of some numbers."""

    median: float
    least: float
    greatest: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        """The spread of at least one number."""
        return Spread(float(median(values)), float(min(values)), float(max(values)))


@dataclass(frozen=True)
class Lane:
    """One side's rounds.

    Attributes:
        label: What the side is, for the table.
        seconds: How long each round took.
    """

    label: str
    seconds: Sequence[float]

    @staticmethod
    def of(label: str, laps: Sequence[Lap]) -> "Lane":
        """The lane of some laps."""
        return Lane(label, [lap.seconds for lap in laps])


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        question: What is compared.
        ours: Our side, in words.
        beside: The other side, in words.
        unit: Unit of the values.
        ours_value: Spread of our side's rounds.
        beside_value: The same of the other side.
        ratio: Spread of the ratios of rounds that ran one after the other.
        aim: Bound of the median ratio, or None where nothing is aimed at.
        better: Whether a greater ratio is better, or a smaller one.
    """

    question: str
    ours: str
    beside: str
    unit: str
    ours_value: Spread
    beside_value: Spread
    ratio: Spread
    aim: float | None
    better: Literal["greater", "smaller"]

    @property
    def reached(self) -> bool | None:
        """Whether the median ratio keeps the aim; None where there is no aim."""
        if self.aim is None:
            return None
        return self.ratio.median >= self.aim if self.better == "greater" else self.ratio.median <= self.aim


def race(calls: Mapping[str, Call], rounds: int, warm_up: int = 1) -> dict[str, list[Lap]]:
    """Start a process for each side, then let them do their rounds in turn.

    Args:
        calls: How each side is started, by name.
        rounds: Rounds that count.
        warm_up: Rounds before, which do not.

    Returns:
        Each side's laps, in order.
    """
    with ExitStack() as stack:
        sides: dict[str, Side] = {}
        for name, call in calls.items():
            sides[name] = Side(call)
            stack.callback(sides[name].close)
        for side in sides.values():
            side.wait()
        return alternate(sides, rounds, warm_up)


def alternate(racers: Mapping[str, Racer], rounds: int, warm_up: int = 1) -> dict[str, list[Lap]]:
    """A B A B …: one round of each in turn; the first `warm_up` rounds of each are thrown away."""
    laps: dict[str, list[Lap]] = {name: [] for name in racers}
    for number in range(warm_up + rounds):
        for name, racer in racers.items():
            lap = racer.lap()
            if number >= warm_up:
                laps[name].append(lap)
    return laps


def speed_up(question: str, ours: Lane, beside: Lane, *, unit: str, amount: float, aim: float | None = None) -> Row:
    """How many times as fast our side is; values are `amount` a second, in `unit`."""
    ratio = [theirs / own for own, theirs in zip(ours.seconds, beside.seconds, strict=True)]
    values = [Spread.of([amount / seconds for seconds in lane.seconds]) for lane in (ours, beside)]
    return Row(question, ours.label, beside.label, unit, values[0], values[1], Spread.of(ratio), aim, "greater")


def cost(question: str, ours: Lane, beside: Lane, *, unit: str = "s", aim: float | None = None) -> Row:
    """How many times the other side's value ours is: of seconds, or of any amount of which less is better."""
    ratio = [own / theirs for own, theirs in zip(ours.seconds, beside.seconds, strict=True)]
    values = [Spread.of(lane.seconds) for lane in (ours, beside)]
    return Row(question, ours.label, beside.label, unit, values[0], values[1], Spread.of(ratio), aim, "smaller")


def predictions(laps: Sequence[Lap]) -> list[Any]:
    """What the rounds returned."""
    return [lap.prediction for lap in laps]
