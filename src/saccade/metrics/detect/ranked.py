"""The predictions of one class by falling score, each right or wrong: precision against recall, and what sums it up.

Legend: g predictions of a class over all pictures.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saccade.core.threshold import Threshold
from saccade.metrics.detect.assign import Ints
from saccade.metrics.detect.overlaps import Flags, Floats

Points = Literal["all", 11, 101]


class Ranked(NamedTuple):
    """The predictions of one class over all pictures, by falling score.

    Attributes:
        scores: (g,).
        right: (g,) bool; predictions that count neither way are left out.
        objects: Number of objects that are sought.
    """

    scores: Floats
    right: Flags
    objects: int

    def curve(self) -> tuple[Floats, Floats]:
        """(g,) recalls and (g,) precisions after each prediction."""
        hits = self.right.cumsum()
        return hits / max(self.objects, 1), hits / np.arange(1, len(hits) + 1)

    def recall(self) -> float | None:
        """Share of the objects that some prediction finds; None without objects."""
        return float(self.right.sum() / self.objects) if self.objects else None

    def best_threshold(self) -> Threshold | None:
        """The score that gives the greatest F1, the highest of equal ones; None where no prediction is right."""
        if not self.objects or not self.right.any():
            return None
        recall, precision = self.curve()
        hits, kept = self.right.cumsum(), np.arange(1, len(self.right) + 1)
        # A threshold keeps all predictions of a score or none of them.
        last = np.flatnonzero(np.diff(self.scores, append=-np.inf))
        f1 = (2 * hits / (kept + self.objects))[last]
        best = int(last[f1.argmax()])
        return Threshold(float(self.scores[best]), float(f1.max()), float(precision[best]), float(recall[best]))


def average_precision(ranked: Ranked, points: Points | str = "all") -> float | None:
    """The summary of one class's curve; None without objects.

    Args:
        ranked: The predictions.
        points: ``all``: area under the precision that never falls (VOC, 2010 and later). 11: mean of the greatest
            precision at or beyond each of eleven recalls (VOC 2007). 101: the same of 101 recalls (COCO).
    """
    if not ranked.objects:
        return None
    recall, precision = ranked.curve()
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    if str(points) == "all":
        return float((falling * np.diff(recall, prepend=0.0)).sum())
    # A thousandth of a thousandth keeps a recall of .3 from missing its own point; COCO's own code takes no such care.
    slack = 1e-9 if str(points) == "11" else 0.0
    reached = np.searchsorted(recall, np.linspace(0, 1, int(points)) - slack)
    return float(np.append(falling, 0.0)[np.minimum(reached, len(falling))].mean())


def by_class(labels: Ints, scores: Floats, right: Flags, objects: Sequence[int] | Ints) -> list[Ranked]:
    """The predictions of each class; equal scores keep their order.

    Args:
        labels: (g,) classes of predictions.
        scores: (g,).
        right: (g,).
        objects: (C,) number of objects of each class.
    """
    order = np.argsort(-scores, kind="stable")
    # Whole numbers of few bits are sorted without comparisons.
    short = labels[order].astype(np.min_scalar_type(int(labels.max(initial=0))))
    order = order[np.argsort(short, kind="stable")]
    ends = np.searchsorted(labels[order], np.arange(len(objects) + 1))
    parts: list[NDArray[np.int64]] = [order[ends[k] : ends[k + 1]] for k in range(len(objects))]
    return [Ranked(scores[part], right[part], int(count)) for part, count in zip(parts, objects, strict=True)]


def pooled(parts: Sequence[Ranked]) -> Ranked:
    """The predictions of several classes as those of one."""
    scores = np.concatenate([np.zeros(0), *(part.scores for part in parts)])
    right = np.concatenate([np.zeros(0, bool), *(part.right for part in parts)])
    order = np.argsort(-scores, kind="stable")
    return Ranked(scores[order], right[order], sum(part.objects for part in parts))
