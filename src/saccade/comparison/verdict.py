"""Who wins, and whether the next one is told apart from it.

Two entrants are compared pair by pair: over the same draws of the same pictures, or over the same seeds and folds. What
makes a picture hard is hard for both, so that their difference goes up and down less than either score. The difference
is told apart from nothing where its 95 % interval leaves 0 out. Source: Efron and Tibshirani 1993, An introduction to
the bootstrap, chapters 13 and 16; Dror et al. 2018, The hitchhiker's guide to testing statistical significance, 3.

Legend: R draws of the pictures, n runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np
from scipy.stats import t

from saccade.comparison.row import Row
from saccade.metrics.scores import score_of

LEVEL = 0.95


class Range(NamedTuple):
    """The two ends of an interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """Who wins.

    Attributes:
        winner: Name of the entrant; None where nobody can win.
        second: Name of the next one that can; None where there is none.
        difference: How much better the winner's score is than the next one's, 0 or more.
        interval: Where that difference lies with a probability of 95 %; None where nothing tells.
        sentence: All this in words.
    """

    winner: str | None
    second: str | None
    difference: float | None
    interval: Range | None
    sentence: str

    @property
    def told_apart(self) -> bool | None:
        """Whether the winner is told apart from the next; None where nothing tells."""
        return None if self.interval is None else not self.interval.low <= 0 <= self.interval.high


def verdict_of(rows: Sequence[Row], score: str) -> Verdict:
    """The verdict on ranked rows.

    Args:
        rows: The rows, as `ranked` gives them.
        score: The score that decides.
    """
    able = [row for row in rows if row.can_win]
    title = score_of(score).title
    if not able:
        limits = any(row.over for row in rows)
        why = (
            "all break a limit"
            if limits and not any(row.error for row in rows)
            else "none has a score and no limit broken"
        )
        return Verdict(None, None, None, None, f"no winner: {why}")
    first = able[0]
    if len(able) == 1:
        return Verdict(first.name, None, None, None, f"{first.name} wins by {title} {_told(first.score)}: no other can")
    second = able[1]
    sign = 1 if score_of(score).higher_is_better else -1
    difference = sign * ((first.score or 0.0) - (second.score or 0.0))
    interval = _interval(first, second, sign)
    verdict = Verdict(first.name, second.name, difference, interval, "")
    beside = f"{title} {_told(first.score)}, {_told(difference)} better than {second.name}"
    return Verdict(
        first.name,
        second.name,
        difference,
        interval,
        f"{first.name} wins by {beside}{_sure(verdict, len(_gaps(first, second)))}",
    )


def spread(values: Sequence[float]) -> Range | None:
    """The 95 % interval of the mean of n values (Student's t); None of fewer than two, and where all are equal."""
    if len(values) < 2 or len(set(values)) == 1:
        return None
    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return Range(mean(values) - half, mean(values) + half)


def _interval(first: Row, second: Row, sign: int) -> Range | None:
    if len(first.run_scores) == len(second.run_scores) > 1:
        return spread([sign * gap for gap in _gaps(first, second)])
    count = min(len(first.resampled), len(second.resampled))
    if count == 0:
        return None
    gaps = sign * (np.array(first.resampled[:count]) - np.array(second.resampled[:count]))
    gaps = gaps[~np.isnan(gaps)]
    if len(gaps) < count / 2:
        return None
    low, high = np.quantile(gaps, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Range(float(low), float(high))


def _gaps(first: Row, second: Row) -> list[float]:
    """How much more one scores than the other in each run of theirs where both have a score."""
    if len(first.run_scores) != len(second.run_scores):
        return []
    runs = zip(first.run_scores, second.run_scores, strict=True)
    return [one - other for one, other in runs if one is not None and other is not None]


def _sure(verdict: Verdict, runs: int) -> str:
    """How sure it is; `runs`: pairs of runs, over seeds and folds, whose scores were compared."""
    if verdict.interval is None and runs > 1:
        return f"; the difference is the same in all {runs} runs, which tells of no interval (more --seeds may)"
    if verdict.interval is None:
        return "; nothing tells how sure that is (--seeds 3 or --folds 5 would)"
    ends = f"95 % interval of the difference {_signed(verdict.interval.low)} to {_signed(verdict.interval.high)}"
    if verdict.told_apart:
        return f" ({ends})"
    return f", but that lies within the interval: they are not told apart ({ends})"


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float) -> str:
    return f"{value:+.3f}"
