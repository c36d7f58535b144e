"""A line of the leaderboard, and in which order lines stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from saccade.comparison.settings import CompareSettings
from saccade.comparison.speed import Speed
from saccade.metrics.scores import score_of

MIB = 2**20
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Row:
    """What was found of an entrant.

    Attributes:
        name: Of the entrant.
        system: Name of its system, or of those of an ensemble.
        decided_by: Name of the score that decides; empty where nothing was measured.
        score: The score that decides, mean over its runs; None where it is undefined or nothing was measured.
        low: Lower end of the 95 % interval, or None where nothing tells one.
        high: Its upper end.
        interval: What the interval is over, such as ``25 pictures`` or ``3 seeds``.
        scores: All scores, means over the runs.
        runs: Folders of its runs; the first is the one that scored best.
        run_scores: The deciding score of each run, in the order of seeds and folds.
        resampled: The deciding score over draws of the pictures, the same draws for all.
        ms: Milliseconds a picture, or None.
        mb: Megabytes at its peak in use, or None.
        parameters: Their number; of an ensemble of all of its networks.
        multiply_adds: For one picture of the network's own size.
        over: The limits that it breaks, in words.
        error: Why there is no result; empty where there is one.
        note: What else should be known.
    """

    name: str
    system: str = ""
    decided_by: str = ""
    score: float | None = None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    scores: Mapping[str, float | None] = field(default_factory=dict[str, float | None])
    runs: tuple[str, ...] = ()
    run_scores: tuple[float | None, ...] = ()
    resampled: tuple[float, ...] = ()
    ms: Speed | None = None
    mb: float | None = None
    parameters: int | None = None
    multiply_adds: int | None = None
    over: tuple[str, ...] = ()
    error: str = ""
    note: str = ""

    @property
    def can_win(self) -> bool:
        """Whether it was measured, and keeps the limits."""
        return self.score is not None and not self.over and not self.error

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as ``leaderboard.json`` has them."""
        return {
            "name": self.name,
            "system": self.system,
            "score": self.score,
            "low": self.low,
            "high": self.high,
            "interval": self.interval or None,
            "ms": None if self.ms is None else self.ms.ms,
            "ms_low": None if self.ms is None else self.ms.low,
            "ms_high": None if self.ms is None else self.ms.high,
            "mb": self.mb,
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "over": list(self.over),
            "error": self.error or None,
            "note": self.note or None,
            "runs": list(self.runs),
            "run_scores": list(self.run_scores),
            "scores": dict(self.scores),
        }


def broken_before_training(parameters: int, settings: CompareSettings) -> tuple[str, ...]:
    """The limits that so many parameters break, whatever is learnt: weights alone may be too large for the memory."""
    found: list[str] = []
    most, weights = settings.most_parameters, parameters * FLOAT_BYTES / MIB
    if most is not None and parameters > most:
        found.append(f"{parameters / 1e6:.1f} M parameters of at most {most / 1e6:g} M")
    if settings.max_mb is not None and weights > settings.max_mb:
        found.append(f"{weights:.0f} MB of weights alone, of at most {settings.max_mb:g} MB")
    return tuple(found)


def broken(row: Row, settings: CompareSettings) -> tuple[str, ...]:
    """The limits that an entrant breaks."""
    found = [] if row.parameters is None else list(broken_before_training(row.parameters, settings))
    if settings.max_ms is not None and row.ms is not None and row.ms.ms > settings.max_ms:
        found.append(f"{row.ms.ms:.1f} ms of at most {settings.max_ms:g} ms")
    if settings.max_mb is not None and row.mb is not None and row.mb > settings.max_mb:
        found = [one for one in found if "weights alone" not in one]
        found.append(f"{row.mb:.0f} MB of at most {settings.max_mb:g} MB")
    return tuple(found)


def ranked(rows: Sequence[Row], score: str) -> tuple[Row, ...]:
    """The rows in order: those that can win, the best first, then those over a limit, then those without a score."""
    sign = -1 if score_of(score).higher_is_better else 1

    def place(row: Row) -> tuple[bool, bool, float, float]:
        # Of equal scores the quicker one is better.
        return not row.can_win, row.score is None, sign * (row.score or 0.0), 0.0 if row.ms is None else row.ms.ms

    return tuple(sorted(rows, key=place))
