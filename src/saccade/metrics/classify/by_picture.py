"""What classifiers say of each picture, and how their headline scores vary with the pictures.

Legend: N pictures, R resamples, C classes.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from saccade.metrics.classify import ranking
from saccade.metrics.headline import Counts, Floats, Headline, Resampling, weighted_mean
from saccade.metrics.picture_scores import PictureScores, Value


def top1_headline(scores: Tensor, labels: Tensor, classes: int) -> Headline:
    """``top1``, beside what two kinds of guessing give."""
    if not len(labels):
        return Headline(("top1",))
    right = (ranking.best(scores) == labels).double().numpy()
    often = int(torch.bincount(labels, minlength=classes).max()) / len(labels)
    note = f"by chance {100 / classes:.1f} %; always the most frequent class {100 * often:.1f} %"
    return Headline(("top1",), note, Resampling(len(labels), lambda counts: weighted_mean(right, counts), len(labels)))


def label_columns(scores: Tensor, labels: Tensor, ids: Sequence[str], classes: Sequence[str]) -> PictureScores:
    """Of each picture the true and the predicted class, whether that is right, and where the true one ranks."""
    best = ranking.best(scores)
    every = torch.arange(len(labels))
    columns: dict[str, Sequence[Value]] = {
        "truth": [classes[int(label)] for label in labels],
        "prediction": [classes[int(label)] for label in best],
        "correct": (best == labels).int().tolist(),
        "rank": (ranking.ranks(scores, labels) + 1).tolist(),
        "score": scores[every, best].tolist(),
        "true_score": scores[every, labels].tolist(),
    }
    return PictureScores(tuple(ids), columns, "Of them, rank is the place of the true class by its score: 1 is right.")


def map_headline(scores: Tensor, labels: Tensor) -> Headline:
    """``map``, whose chance level is the mean share of the classes' pictures."""
    known = labels >= 0
    shares = [float((labels[known[:, k], k] == 1).double().mean()) for k in range(labels.shape[1]) if known[:, k].any()]
    shares = [share for share in shares if share > 0]
    note = f"by chance about {100 * sum(shares) / len(shares):.1f} %" if shares else ""
    rankings = [_Ranking(scores[:, k], labels[:, k]) for k in range(labels.shape[1])]

    def resampled(counts: Counts) -> Floats:
        weights = np.ascontiguousarray(counts.T, dtype=np.float64)
        found = np.stack([one.average_precision(weights) for one in rankings])
        known = ~np.isnan(found)
        total = np.where(known, found, 0.0).sum(0)
        return np.divide(total, known.sum(0), out=np.full(len(counts), np.nan), where=known.any(0))

    return Headline(("map",), note, Resampling(len(labels), resampled, labels.numel()))


def many_label_columns(scores: Tensor, labels: Tensor, ids: Sequence[str]) -> PictureScores:
    """Of each picture how many of its labels are found, missed and wrongly given, as scores above one half decide."""
    given, true, known = scores > 0.5, labels == 1, labels >= 0
    counted = {"found": given & true, "overlooked": ~given & true, "wrongly_given": given & ~true & known}
    columns: dict[str, Sequence[Value]] = {f"labels_{name}": which.sum(1).tolist() for name, which in counted.items()}
    return PictureScores(tuple(ids), columns, "A label is given from a score of one half on.")


class _Ranking:
    """The pictures by falling score for one class; those of equal score have one place together."""

    def __init__(self, scores: Tensor, labels: Tensor) -> None:
        known = np.flatnonzero((labels >= 0).numpy())
        values = scores.numpy()[known]
        order = np.argsort(-values, kind="stable")
        self.pictures, self.positive = known[order], (labels.numpy()[known[order]] == 1)[:, None]
        self.last = np.flatnonzero(np.diff(values[order], append=-np.inf))

    def average_precision(self, weights: Floats) -> Floats:
        """(R,) of (N, R) how often each resample holds each picture; NaN without positives."""
        drawn = weights[self.pictures]
        hits, kept = (drawn * self.positive).cumsum(0)[self.last], drawn.cumsum(0)[self.last]
        precision = np.divide(hits, kept, out=np.zeros_like(hits), where=kept > 0)
        gained = (np.diff(hits, axis=0, prepend=0.0) * precision).sum(0)
        total = hits[-1] if len(hits) else np.zeros(weights.shape[1])
        return np.divide(gained, total, out=np.full(len(total), np.nan), where=total > 0)
