"""Confirmed, refuted or undecided: what an interval says of a claim.

A claim says that a number lies above a bound. It is confirmed where the whole 95 % interval of the number does,
refuted where the whole interval lies below, and else undecided. The interval is Student's t over what was paired: the
same seed, or the same round, on both sides. Of one seed there is no interval, so that nothing is decided.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Literal

from saccade.reproduce.found import Values

ROUNDING = 1e-9
Word = Literal["confirmed", "refuted", "undecided", "not judged"]


@dataclass(frozen=True)
class Judgement:
    """What became of a claim.

    Attributes:
        says: The paper's conclusion.
        printed: The numbers that the paper printed for it; empty where none are known.
        about: What was compared with what.
        found: The number, with its interval, in words.
        value: The number, or None.
        low: Lower end of its 95 % interval, or None.
        high: Upper end.
        word: What became of it.
    """

    says: str
    printed: str
    about: str
    found: str
    value: float | None
    low: float | None
    high: float | None
    word: Word

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Estimate:
    """A number and where it lies.

    Attributes:
        value: The mean of what was paired; None where nothing is known.
        low: Lower end of the 95 % interval; None where nothing tells one.
        high: Upper end.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None

    def word(self, bound: float) -> Word:
        """Whether it lies above a bound."""
        if self.low is None or self.high is None:
            return "undecided"
        return "confirmed" if self.low > bound else "refuted" if self.high < bound else "undecided"

    def told(self, form: str) -> str:
        """In words, each number in a format such as ``+.3f``."""
        if self.value is None:
            return "undefined"
        if self.low is None or self.high is None:
            return f"{self.value:{form}}, no interval"
        return f"{self.value:{form}} ({self.low:{form}} to {self.high:{form}})"


def difference(more: Values, less: Values) -> Estimate:
    """The mean of paired differences; nothing where a value is undefined or has no partner."""
    pairs = _paired(more, less)
    return _estimate([one - other for one, other in pairs])


def ratio(more: Values, less: Values, *, exact: bool) -> Estimate:
    """The geometric mean of paired ratios of numbers above 0.

    Args:
        more: Numerators.
        less: Denominators.
        exact: Whether the numbers were counted: then the ratio of the first ones is certain.
    """
    pairs = _paired(more, less)
    if not pairs or min(min(pair) for pair in pairs) <= 0:
        return Estimate()
    if exact:
        value = pairs[0][0] / pairs[0][1]
        return Estimate(value, value, value)
    logs = _estimate([math.log(one / other) for one, other in pairs])
    ends = (None if end is None else math.exp(end) for end in (logs.value, logs.low, logs.high))
    return Estimate(*ends)


def _paired(more: Values, less: Values) -> list[tuple[float, float]]:
    if len(more) != len(less):
        return []
    pairs = [(one, other) for one, other in zip(more, less, strict=True) if one is not None and other is not None]
    return pairs if len(pairs) == len(more) else []


def _estimate(values: Sequence[float]) -> Estimate:
    from saccade.comparison.verdict import spread  # brings scipy, which a list of experiments has no use for

    if not values:
        return Estimate()
    found, middle = spread(values), fmean(values)
    # Values that are equal but for rounding say nothing of chance.
    if found is None or found.high - found.low < ROUNDING * max(1.0, abs(middle)):
        return Estimate(middle)
    return Estimate(middle, found.low, found.high)


def interval(values: Values) -> Estimate:
    """The mean of some values, and its interval; nothing where one is undefined."""
    known = [one for one in values if one is not None]
    return _estimate(known) if len(known) == len(values) else Estimate()
