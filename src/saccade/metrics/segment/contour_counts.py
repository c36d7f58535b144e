"""How many pixels of a picture's contours are found, and how many of those found were drawn, threshold by threshold.

Source: Martin, Fowlkes, Malik 2004, Learning to detect natural image boundaries using local brightness, color, and
texture cues, section 3.2; thresholds and tolerance are those of the benchmark of Berkeley's data.

Legend: T thresholds, A people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.errors import UsageError
from saccade.metrics.segment.by_process import mapped
from saccade.metrics.segment.matching import nearest_matching
from saccade.metrics.segment.thinning import thinned

# Share of the picture's diagonal that a contour may be off by.
TOLERANCE = 0.0075
THRESHOLDS = tuple(number / 100 for number in range(1, 100))
# Pictures of so many pixels take seconds, so that several processes share the thresholds.
LARGE = 100_000

Counts: TypeAlias = NDArray[np.int64]
Map: TypeAlias = Tensor | NDArray[Any]


class Matched(NamedTuple):
    """What one threshold gives.

    Attributes:
        wanted: Pixels of all people that are matched.
        right: Pixels found that some person's matches.
        found: Pixels found.
    """

    wanted: int
    right: int
    found: int


@dataclass(frozen=True)
class Matching:
    """Matches what is likely enough with what was drawn.

    Attributes:
        guess: (H, W) probability.
        wanted: (n, 2) int places that each person drew.
        reach: Greatest distance of a match in pixels.
    """

    guess: NDArray[Any]
    wanted: Sequence[NDArray[np.int64]]
    reach: float

    def __call__(self, threshold: float) -> Matched:
        """The counts from one threshold on."""
        found = np.argwhere(thinned(at_least(self.guess, threshold)))
        each = [nearest_matching(found, one, self.reach) for one in self.wanted]
        right = int(np.logical_or.reduce(each).sum())
        return Matched(sum(int(matched.sum()) for matched in each), right, len(found))


def counts_of(probability: Map, drawn: Sequence[Map], tolerance: float = TOLERANCE) -> Counts:
    """(4, T) of one picture: matched and all pixels of the people, matched and all of the prediction.

    Args:
        probability: (H, W), 0..1.
        drawn: What each person drew, (H, W) bool.
        tolerance: As a share of the diagonal.

    Raises:
        UsageError: Shapes differ, nobody drew a picture, or values are no probabilities.
        ResourceError: A process that helped was ended.
    """
    guess, people = _array(probability), [_array(one) > 0 for one in drawn]
    _check(guess, people)
    wanted = [np.argwhere(one) for one in people]
    likely = [int(at_least(guess, threshold).sum()) for threshold in THRESHOLDS]
    # Where no pixel falls away, the counts stay.
    fresh = [place for place, one in enumerate(likely) if not place or one != likely[place - 1]]
    matching = Matching(guess, wanted, tolerance * hypot(*guess.shape))
    several = guess.size >= LARGE and len(fresh) > 1
    found = mapped(matching, [THRESHOLDS[place] for place in fresh], several=several)
    columns = np.repeat(np.array(found, np.int64), np.diff([*fresh, len(THRESHOLDS)]), 0).T
    drawn_pixels = np.full(len(THRESHOLDS), sum(map(len, wanted)))
    return np.stack([columns[0], drawn_pixels, columns[1], columns[2]])


def at_least(guess: NDArray[Any], threshold: float) -> NDArray[np.bool_]:
    """(H, W) what is as probable as a threshold, taken in the map's own kind, so that .3 is .3."""
    return guess >= np.asarray(threshold, guess.dtype)


def _array(values: Map) -> NDArray[Any]:
    """A map on the CPU; numbers that numpy has not become float32."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype in (torch.bfloat16, torch.float16) else values).numpy()
    return np.asarray(values)


def _check(guess: NDArray[Any], people: Sequence[NDArray[Any]]) -> None:
    """Refuse what is no picture's."""
    shapes = [one.shape for one in people]
    if guess.ndim != 2 or not people or any(shape != guess.shape for shape in shapes):
        raise UsageError("a probability (H, W) and contours (H, W), one a person", f"{guess.shape} and {shapes}")
    if guess.size and not (guess.min() >= 0 and guess.max() <= 1):
        raise UsageError("probabilities 0..1", f"{guess.min()} to {guess.max()}")
