"""Precision, recall and F of contours, from counts of pixels.

Source: Martin, Fowlkes, Malik 2004, section 3.2; Arbeláez, Maire, Fowlkes, Malik 2011, Contour detection and
hierarchical image segmentation, section 3.1; the benchmark's ``collect_eval_bdry.m``.

Legend: counts (4, …, T): matched and all pixels of the people, matched and all of the prediction, at T thresholds.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.metrics.segment.contour_counts import Counts

Floats: TypeAlias = NDArray[np.float64]
# Points of the straight lines between neighbouring thresholds.
BETWEEN = 100


def summary(counts: Sequence[Counts]) -> dict[str, float | None]:
    """``ods``, ``ois`` and ``ap`` of (4, T) counts a picture."""
    if not sum(int(one[1].sum()) for one in counts):
        return {"ods": None, "ois": None, "ap": None}
    total = np.sum(counts, 0)
    best = np.sum([one[:, f_measure(one).argmax()] for one in counts], 0)
    return {"ods": float(best_f(total)), "ois": float(f_measure(best)), "ap": average_precision(total)}


def rates(counts: NDArray[Any]) -> tuple[Floats, Floats]:
    """Precision and recall (…) of counts (4, …); 0 where nothing is found, and where there is nothing to find."""
    matched, drawn, right, found = np.asarray(counts, np.float64)
    return right / np.maximum(found, 1), matched / np.maximum(drawn, 1)


def f_measure(counts: NDArray[Any]) -> Floats:
    """F (…), the harmonic mean of precision and recall, of counts (4, …)."""
    return _f(*rates(counts))


def best_f(counts: NDArray[Any]) -> Floats:
    """(…) the greatest F of counts (4, …, T), also between thresholds, on straight lines of precision and recall."""
    precision, recall = rates(counts)
    best = _f(precision, recall).max(-1)
    for share in np.linspace(0, 1, BETWEEN)[1:-1]:
        between = [(1 - share) * rate[..., :-1] + share * rate[..., 1:] for rate in (precision, recall)]
        best = np.maximum(best, _f(*between).max(-1))
    return best


def average_precision(counts: Counts) -> float:
    """The mean precision at recalls 0, .01 … 1 of counts (4, T), as the benchmark takes it."""
    precision, recall = rates(counts)
    recalls, first = np.unique(recall, return_index=True)
    if len(recalls) == 1:
        return float(precision[0] * recall[0])
    between = np.interp(np.linspace(0, 1, 101), recalls, precision[first], left=0.0, right=0.0)
    return min(1.0, float(between.sum()) / 100)


def _f(precision: Floats, recall: Floats) -> Floats:
    total = precision + recall
    return 2 * precision * recall / np.where(total > 0, total, 1)
