"""How far a score would go up and down with other pictures: intervals by resampling the pictures.

Source: Efron and Tibshirani 1993, An introduction to the bootstrap, chapters 10 and 13. A resample draws as many
pictures as there are, each from all of them; how the score goes up and down over many resamples is taken for how it
goes up and down over many data sets. The middle 95 % of the resampled scores are laid around the score itself by their
mean: average precision takes greatest values, so that in resamples, which repeat pictures, it lies somewhat too high.
An interval says nothing of pictures of another kind, nor of another training.

Legend: N pictures, R resamples.
"""

from typing import NamedTuple

import numpy as np

from saccade.metrics.headline import Resampling

LEVEL = 0.95
MOST, LEAST = 2000, 200
# Numbers looked at by all resamples together: about a second.
BUDGET = 40_000_000
_AT_ONCE = 4_000_000


class Interval(NamedTuple):
    """Where a score lies with a probability of 95 %.

    Attributes:
        low: Its lower end.
        high: Its upper end.
        resamples: How many resamples it was read from.
        pictures: Of how many pictures.
    """

    low: float
    high: float
    resamples: int
    pictures: int


def interval_of(resampling: Resampling, seed: int = 0, resamples: int | None = None) -> Interval | None:
    """The interval around a score that is as wide as the middle 95 % of the resampled scores, within 0..1.

    Args:
        resampling: What varies.
        seed: Of the resamples; the same gives the same interval.
        resamples: R; by default as many, from 200 to 2000, as take about a second.

    Returns:
        The interval, or None with fewer than two pictures, where the score is undefined in most resamples, and where it
        is the same in all: pictures that do not differ say nothing of others.
    """
    count = resampling.pictures
    if count < 2:
        return None
    wanted = resamples or int(np.clip(BUDGET // max(resampling.work, 1), LEAST, MOST))
    generator = np.random.default_rng(seed)
    step = max(_AT_ONCE // max(count, resampling.work), 1)
    found = [
        resampling.scores(generator.multinomial(count, np.full(count, 1 / count), size=min(step, wanted - done)))
        for done in range(0, wanted, step)
    ]
    scores = np.concatenate(found)
    known = scores[~np.isnan(scores)]
    if len(known) < wanted / 2 or np.ptp(known) == 0:
        return None
    (score,) = resampling.scores(np.ones((1, count), np.int64))
    ends = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) + score - known.mean()
    low, high = ends.clip(0, 1)
    return Interval(float(low), float(high), wanted, count)
