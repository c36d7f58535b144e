"""How well contours are found, beside what several people drew: ODS, OIS and average precision.

Source: Martin, Fowlkes, Malik 2004, Learning to detect natural image boundaries using local brightness, color, and
texture cues, section 3.2; Arbeláez, Maire, Fowlkes, Malik 2011, Contour detection and hierarchical image segmentation,
section 3.1. Thresholds, tolerance and sums are those of the benchmark of Berkeley's data.

Legend: N pictures, T thresholds, A people, R resamples.
"""

from collections.abc import Iterable, Sequence
from math import hypot
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.metrics.headline import Headline, Resampling
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.sections import Curve, Curves, Section
from saccade.metrics.segment.matching import nearest_matching
from saccade.metrics.segment.thinning import thinned

# Share of the picture's diagonal that a contour may be off by.
TOLERANCE = 0.0075
THRESHOLDS = tuple(number / 100 for number in range(1, 100))

Counts: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Map: TypeAlias = Tensor | NDArray[Any]
State = tuple[list[str], list[Counts]]


def contours(pairs: Iterable[tuple[Map, Sequence[Map]]], *, tolerance: float = TOLERANCE) -> dict[str, float | None]:
    """ODS, OIS and AP of contours.

    At each of 99 thresholds, .01 to .99, what is at least as probable is thinned to lines of one pixel. Its pixels are
    matched one to one with those of each person, as many as can be, none with one farther away than the tolerance. A
    pixel that any person's matches is right; recall counts the pixels of all people. Matches and pixels are added up
    over pictures before they are divided.

    It takes some seconds for a picture of 481 × 321 pixels that five people drew.

    Args:
        pairs: Of each picture the probability (H, W), 0..1, and the contours (H, W) bool that each person drew.
        tolerance: Greatest distance of a match, as a share of the picture's diagonal.

    Returns:
        ``ods``, F at the one threshold that is best for all pictures; ``ois``, F of the sums at each picture's own best
        one; ``ap``, the mean precision at recalls 0, .01 … 1, straight lines between the thresholds', 0 beyond them; of
        one recall alone, as of a map of 0 and 1, precision times recall. None where nobody drew anything.

    Raises:
        UsageError: Shapes differ, nobody drew a picture, values are no probabilities, or the tolerance is below 0.
    """
    if not tolerance >= 0:
        raise UsageError("a tolerance from 0", tolerance)
    return summary([counts_of(probability, drawn, tolerance) for probability, drawn in pairs])


def counts_of(probability: Map, drawn: Sequence[Map], tolerance: float = TOLERANCE) -> Counts:
    """(4, T) of one picture: matched and all pixels of the people, matched and all of the prediction.

    Args:
        probability: (H, W), 0..1.
        drawn: What each person drew, (H, W) bool.
        tolerance: As a share of the diagonal.

    Raises:
        UsageError: As `contours`.
    """
    guess, people = _array(probability), [_array(one) > 0 for one in drawn]
    _check(guess, people)
    wanted = [np.argwhere(one) for one in people]
    reach = tolerance * hypot(*guess.shape)
    counts = np.zeros((4, len(THRESHOLDS)), np.int64)
    counts[1] = sum(map(len, wanted))
    before = -1
    for column, threshold in enumerate(THRESHOLDS):
        # Of the map's own kind, so that .3 is .3.
        likely = guess >= np.asarray(threshold, guess.dtype)
        if int(likely.sum()) == before:
            counts[:, column] = counts[:, column - 1]
            continue
        before = int(likely.sum())
        found = np.argwhere(thinned(likely))
        each = [nearest_matching(found, one, reach) for one in wanted]
        counts[0, column] = sum(int(matched.sum()) for matched in each)
        counts[2:, column] = int(np.logical_or.reduce(each).sum()), len(found)
    return counts


def summary(counts: Sequence[Counts]) -> dict[str, float | None]:
    """``ods``, ``ois`` and ``ap`` of (4, T) counts a picture."""
    if not sum(int(one[1].sum()) for one in counts):
        return {"ods": None, "ois": None, "ap": None}
    total = np.sum(counts, 0)
    best = np.sum([one[:, f_measure(one).argmax()] for one in counts], 0)
    return {"ods": float(f_measure(total).max()), "ois": float(f_measure(best)), "ap": average_precision(total)}


def rates(counts: NDArray[Any]) -> tuple[Floats, Floats]:
    """Precision and recall (…) of counts (4, …); 0 where nothing is found, and where there is nothing to find."""
    matched, drawn, right, found = np.asarray(counts, np.float64)
    return right / np.maximum(found, 1), matched / np.maximum(drawn, 1)


def f_measure(counts: NDArray[Any]) -> Floats:
    """F (…), the harmonic mean of precision and recall, of counts (4, …)."""
    precision, recall = rates(counts)
    total = precision + recall
    return 2 * precision * recall / np.where(total > 0, total, 1)


def average_precision(counts: Counts) -> float:
    """The mean precision at recalls 0, .01 … 1 of counts (4, T), as the benchmark takes it."""
    precision, recall = rates(counts)
    recalls, first = np.unique(recall, return_index=True)
    if len(recalls) == 1:
        return float(precision[0] * recall[0])
    between = np.interp(np.linspace(0, 1, 101), recalls, precision[first], left=0.0, right=0.0)
    return min(1.0, float(between.sum()) / 100)


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


class Contours:
    """Scores ``ods``, ``ois`` and ``contour_ap``; see `contours`.

    Of a picture it takes seconds, so that it belongs to an evaluation, not to each epoch.

    Args:
        names: What the truth's maps are: contours, a map a person, as where nobody tells; or the names of classes, a
            map a class, of which all are taken together, as are the prediction's.
    """

    needs = frozenset({"contours"})
    reads = frozenset({"contours"})
    nearness = "F of its contours at its own best threshold"

    def __init__(self, names: Sequence[str]) -> None:
        self.by_person = tuple(names) in ((), UNTOLD_CONTOURS)
        self._ids: list[str] = []
        self._counts: list[Counts] = []

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; it is as wrong as its best F is below 1."""
        wanted = truth.get("contours")
        drawn = list(wanted) if self.by_person else [wanted.amax(0)]
        self._ids.append(id)
        self._counts.append(counts_of(prediction.get("contours").amax(0), drawn))
        return 1 - float(f_measure(self._counts[-1]).max())

    def result(self) -> dict[str, float | None]:
        """``ods``, ``ois`` and ``contour_ap``; None where nobody drew anything."""
        found = summary(self._counts)
        return {"ods": found["ods"], "ois": found["ois"], "contour_ap": found["ap"]}

    def sections(self) -> tuple[Section, ...]:
        """Precision against recall over the thresholds."""
        curves: tuple[Curve, ...] = ()
        if self._counts:
            precision, recall = (values.tolist() for values in rates(np.sum(self._counts, 0)))
            curves = (Curve("contours", tuple(recall[::-1]), tuple(precision[::-1])),)
        chart = Curves(
            title="Contours",
            curves=curves,
            x="recall, the share of the people's pixels that are found",
            y="precision, the share of found pixels that somebody drew",
            area="",
            lead="How precision falls as more contours are found, over 99 thresholds.",
            empty="No curve: no picture has contours.",
        )
        return (Section("Contours", (chart,)),)

    def headline(self) -> Headline:
        """``ods``, and how it varies with the pictures."""
        every = np.array(self._counts, np.float64).reshape(len(self._counts), 4, len(THRESHOLDS))

        def ods(counts: NDArray[np.int64]) -> Floats:
            total = np.tensordot(counts.astype(np.float64), every, 1)
            return f_measure(total.transpose(1, 0, 2)).max(1)

        return Headline(("ods", "ois"), resampling=Resampling(len(every), ods, work=every.size))

    def by_picture(self) -> PictureScores:
        """``contour_f1`` of each picture, at its own best threshold."""
        return PictureScores(self._ids, {"contour_f1": [float(f_measure(one).max()) for one in self._counts]})

    def state(self) -> State:
        """Identifiers, and (4, T) counts of each picture."""
        return self._ids, self._counts

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pictures of other processes."""
        for ids, counts in states:
            self._ids.extend(ids)
            self._counts.extend(counts)
