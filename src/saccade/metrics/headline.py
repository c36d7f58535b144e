"""The score that a family of metrics is known by, and what it takes to say how sure it is.

Legend: N pictures, R resamples.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resampling:
    """How a score would be if other pictures of the same kind had been measured.

    Attributes:
        pictures: N, the pictures that the score is of.
        scores: Gives the score of resamples, (R,), NaN where undefined, for (R, N): how often each holds each picture.
        work: How many numbers a resample looks at; of costly scores fewer are made.
    """

    pictures: int
    scores: Callable[[Counts], Floats]
    work: int


@dataclass(frozen=True)
class Headline:
    """The scores that a family of metrics is known by.

    Attributes:
        names: Of the scores, the most telling first.
        note: What to hold the first one against, such as what chance gives.
        resampling: How the first one varies with the pictures, or None where nobody says.
    """

    names: tuple[str, ...]
    note: str = ""
    resampling: Resampling | None = None


def weighted_mean(values: Floats, counts: Counts) -> Floats:
    """(R,) means of (N,) values over resamples (R, N) of the pictures; NaN values are left out."""
    known = ~np.isnan(values)
    weights = counts[:, known].astype(np.float64)
    total = weights.sum(1)
    means = np.full(len(counts), np.nan)
    np.divide(weights @ values[known], total, out=means, where=total > 0)
    return means
