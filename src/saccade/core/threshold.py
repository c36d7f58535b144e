"""From which score on predictions are worth showing."""

from typing import NamedTuple

# From which score on predictions are shown where nothing says what scores are worth.
UNMEASURED = 0.5


class Threshold(NamedTuple):
    """The least score to keep predictions by, and what that gives.

    Attributes:
        score: Predictions that score at least this are kept.
        f1: Harmonic mean of precision and recall.
        precision: Share of the kept predictions that are right.
        recall: Share of the objects that are found.
    """

    score: float
    f1: float
    precision: float
    recall: float
