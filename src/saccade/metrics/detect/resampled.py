"""Average precision and recall of resamples of the pictures: matched once, counted many times.

A picture's predictions and objects are matched within it, so that a resample only says how often each of them counts.

Legend: N pictures, R resamples, C classes, g predictions of a class, of which r are right.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from saccade.metrics.detect.assign import Ints
from saccade.metrics.detect.matches import Matches, coco_matches
from saccade.metrics.detect.overlaps import Flags, Overlaps
from saccade.metrics.headline import Counts, Floats, Resampling

RECALLS = np.linspace(0, 1, 101)
OVERLAPS = np.arange(10) * 0.05 + 0.5


def ap_resampling(of: Overlaps, matches: Matches, pictures: int, classes: int) -> Resampling:
    """COCO's average precision at the overlap that predictions were matched by, mean over the classes with objects."""

    @cache
    def parts() -> list[_ClassRows]:
        return [_ClassRows(of, matches, label, pictures) for label in range(classes)]

    def scores(counts: Counts) -> Floats:
        weights = np.ascontiguousarray(counts.T, dtype=np.float32)
        total, known = np.zeros(len(counts)), np.zeros(len(counts))
        for part in parts():
            objects, found = part.average_precision(weights)
            total += np.where(objects > 0, found, 0.0)
            known += objects > 0
        return np.divide(total, known, out=np.full(len(counts), np.nan), where=known > 0)

    return Resampling(pictures, scores, work=len(of.rows.scores) + len(of.rows.crowd) + pictures)


def recall_resampling(of: Overlaps, pictures: int) -> Resampling:
    """COCO's average recall, mean over overlaps .50 to .95, all objects as of one class."""

    @cache
    def found() -> Floats:
        """(N,) objects of each picture that are found, mean over the overlaps."""
        rounds = [coco_matches(of, float(overlap)) for overlap in OVERLAPS]
        hits = [np.bincount(of.shown_in[one.found & one.sought], minlength=pictures) for one in rounds]
        return np.mean(hits, axis=0)

    objects = np.bincount(of.shown_in[~of.rows.crowd], minlength=pictures).astype(np.float64)

    def scores(counts: Counts) -> Floats:
        sought = counts @ objects
        return np.divide(counts @ found(), sought, out=np.full(len(counts), np.nan), where=sought > 0)

    return Resampling(pictures, scores, work=pictures)


class _ClassRows:
    """The predictions of one class by falling score, as places of their pictures.

    Attributes:
        picture: (g,) the picture of each prediction.
        right: (r,) places of those that are right.
        objects: (N,) objects of the class in each picture.
    """

    def __init__(self, of: Overlaps, matches: Matches, label: int, pictures: int) -> None:
        chosen: Ints = np.flatnonzero(matches.counts & (of.rows.labels == label))
        chosen = chosen[np.argsort(-of.rows.scores[chosen], kind="stable")]
        hit: Flags = matches.taken[chosen] >= 0
        self.picture, self.right = of.picture[chosen], np.flatnonzero(hit)
        sought = matches.sought & (of.rows.classes == label)
        self.objects = np.bincount(of.shown_in[sought], minlength=pictures).astype(np.float32)

    def average_precision(self, weights: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """(R,) objects and (R,) average precisions, for (N, R) how often each resample holds each picture."""
        objects = (self.objects @ weights).astype(np.float64)
        if not len(self.right):
            return objects, np.zeros(weights.shape[1])
        hits = weights[self.picture[self.right]].cumsum(0, dtype=np.float64)
        # Only where a right prediction stands can the greatest precision of a recall be.
        upto = weights[self.picture[: self.right[-1] + 1]]
        starts = np.concatenate([[0], self.right[:-1] + 1])
        kept = np.add.reduceat(upto, starts, axis=0, dtype=np.float64).cumsum(0)
        precision = np.divide(hits, kept, out=np.zeros_like(hits), where=kept > 0)
        falling = np.maximum.accumulate(precision[::-1])[::-1]
        falling = np.concatenate([falling, np.zeros((1, weights.shape[1]))])
        recall = hits / np.maximum(objects, 1)
        found = [falling[np.searchsorted(recall[:, r], RECALLS), r].mean() for r in range(weights.shape[1])]
        return objects, np.array(found)
