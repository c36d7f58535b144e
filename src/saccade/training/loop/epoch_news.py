"""What an epoch gave, in one line: the headline scores, the loss, the speed, and the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EpochNews:
    """What an epoch gave.

    Attributes:
        epoch: Its number.
        step: Steps done at its end.
        loss: Its mean loss.
        scores: Scores of its validation; empty where there was none.
        headline: Names of the scores that are told.
        measured_on: On how many pictures, where that was a part of them.
        best: Whether its checkpoint is the best so far.
        speed: Training pictures a second.
        elapsed: Seconds of the run.
        left: Seconds that the run will still take, or None where nobody knows.
    """

    epoch: int
    step: int
    loss: float | None
    scores: Mapping[str, float | None] = field(default_factory=dict[str, float | None])
    headline: Sequence[str] = ()
    measured_on: str = ""
    best: bool = False
    speed: float | None = None
    elapsed: float = 0.0
    left: float | None = None

    @property
    def line(self) -> str:
        """The epoch in one line."""
        told = [f"epoch {self.epoch}", f"step {self.step}", named("loss", self.loss)]
        if self.scores:
            told.append(named("val loss", self.scores.get("loss")))
            told += [named(name, self.scores.get(name)) for name in self.headline]
            told.append(f"({self.measured_on})" if self.measured_on else "")
            told.append("best" if self.best else "")
        told.append("" if self.speed is None else f"{self.speed:.3g} pictures/s")
        told.append(clock(self.elapsed) + ("" if self.left is None else f", {clock(self.left)} left"))
        return "  ".join(part for part in told if part)


def named(name: str, value: float | None) -> str:
    """A score with its name; nothing where it is undefined."""
    return "" if value is None else f"{name} {value:.4f}"


def clock(seconds: float) -> str:
    """Seconds as minutes:seconds, or hours:minutes:seconds."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass
class Pace:
    """How fast an epoch goes.

    Attributes:
        since: Of the run's seconds, how many had passed when it began.
        pictures: Training pictures since.
    """

    since: float
    pictures: int = 0

    def speed(self, seconds: float) -> float | None:
        """Pictures a second, when so many seconds of the run have passed; None without any."""
        return self.pictures / (seconds - self.since) if self.pictures and seconds > self.since else None
