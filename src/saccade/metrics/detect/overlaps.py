"""Predictions and objects of all pictures as columns, and which of them overlap: what scores of detection start from.

Legend: g predictions and m objects, of one picture or of all; p pairs of a prediction and an object of one picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import ANY_CLASS, Instances
from saccade.metrics.detect.assign import Ints, Pairs
from saccade.metrics.detect.outlines import Outlines, Shape, no_outlines, outlines_of, overlapping

LEAST = 0.1  # overlaps below it mean nothing to any score
PREDICTIONS = 100  # of a class and a picture, the most that COCO counts

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Picture(NamedTuple):
    """One picture's predictions by falling score, its objects, and the pairs that overlap.

    Attributes:
        boxes: (g, 4) x1, y1, x2, y2 in pixels.
        labels: (g,).
        scores: (g,).
        wanted: (m, 4) boxes of the objects.
        classes: (m,) their labels; -1 for a region to ignore, a crowd of every class.
        area: (m,) as annotated, otherwise of the box.
        crowd: (m,); objects of classes that were not sought count as crowds, since others of them may be anywhere.
        difficult: (m,).
        prediction: (p,) positions of predictions.
        object: (p,) positions of objects.
        iou: (p,) intersection over union.
        inside: (p,) intersection over the prediction's own area: how COCO compares with crowds.
        judged: (g,) whether the prediction's class was sought in the picture; else nobody knows whether it is right.
        outlines: (g,) masks, where these are compared in place of boxes.
        wanted_outlines: (m,) masks of the objects.
    """

    boxes: Floats
    labels: Ints
    scores: Floats
    wanted: Floats
    classes: Ints
    area: Floats
    crowd: Flags
    difficult: Flags
    prediction: Ints
    object: Ints
    iou: Floats
    inside: Floats
    judged: Flags
    outlines: Outlines
    wanted_outlines: Outlines


def picture_of(
    prediction: Instances,
    truth: Instances,
    *,
    sought: torch.Tensor | None = None,
    told_apart: bool = True,
    least: float = LEAST,
    shape: Shape = "box",
) -> Picture:
    """The columns of one picture.

    Where masks are compared, an object without one counts as a crowd that fills its box: nobody knows its pixels.

    Args:
        prediction: Boxes and scores, and labels where predictions are told apart.
        truth: Boxes, labels, and area, crowd and difficult where they are known.
        sought: (C,) bool, which classes were sought; None: all. Without labels it says nothing.
        told_apart: Whether labels count; if not, all are of class 0.
        least: Overlap of the pairs that are kept.
        shape: What is compared.
    """
    boxes, wanted = _column(prediction.boxes, (0, 4), np.float64), _column(truth.boxes, (0, 4), np.float64)
    scores = np.zeros(len(boxes)) if prediction.scores is None else _column(prediction.scores, (0,), np.float64)
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    labels = np.zeros(len(boxes), np.int64)
    classes = np.zeros(len(wanted), np.int64)
    if told_apart:
        labels, classes = _column(prediction.labels, (0,), np.int64)[order], _column(truth.labels, (0,), np.int64)
    crowd, difficult = (
        np.zeros(len(wanted), bool) if flags is None else _column(flags, (0,), np.bool_)
        for flags in (truth.crowd, truth.difficult)
    )
    judged = np.ones(len(boxes), bool)
    if told_apart and sought is not None:
        known: Flags = np.append(sought.numpy(), True)  # -1, a region to ignore, reads the last
        judged, crowd = known[labels], crowd | ~known[classes]
    outlines, wanted_outlines, area = no_outlines(len(boxes)), no_outlines(len(wanted)), _areas(wanted)
    if shape == "mask":
        outlines, (wanted_outlines, area) = outlines_of(prediction)[0][order], outlines_of(truth)
        crowd = crowd | ~truth.has_mask.numpy()
        pairs = overlapping(outlines, wanted_outlines, crowd, least)
    else:
        pairs = _overlapping(boxes, wanted, crowd, least)
    area = area if truth.area is None else _column(truth.area, (0,), np.float64)
    columns = (boxes, labels, scores, wanted, classes, area, crowd, difficult)
    return Picture(*columns, *pairs, judged, outlines, wanted_outlines)


def _column(values: torch.Tensor | None, empty: tuple[int, ...], kind: Any) -> Any:
    return np.zeros(empty, kind) if values is None else values.numpy().astype(kind, copy=False)


def _areas(boxes: Floats) -> Floats:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def _overlapping(boxes: Floats, wanted: Floats, crowd: Flags, least: float) -> tuple[Ints, Ints, Floats, Floats]:
    if not len(boxes) or not len(wanted):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    low, high = np.maximum(boxes[:, None, :2], wanted[:, :2]), np.minimum(boxes[:, None, 2:], wanted[:, 2:])
    sides = np.maximum(high - low, 0)
    common = sides[..., 0] * sides[..., 1]
    prediction, target = np.nonzero(common)
    common, own = common[prediction, target], _areas(boxes)[prediction]
    iou, inside = common / (own + _areas(wanted)[target] - common), common / own
    near = np.where(crowd[target], inside, iou) >= least
    return prediction[near], target[near], iou[near], inside[near]


@dataclass(frozen=True)
class Overlaps:
    """The columns of all pictures, one after the other; positions in `prediction` and `object` count over all of them.

    Attributes:
        picture: (g,) number of each prediction's picture.
        shown_in: (m,) number of each object's picture.
        rows: The joined columns of `Picture`.
    """

    picture: Ints
    shown_in: Ints
    rows: Picture

    @staticmethod
    def of(pictures: Sequence[Picture]) -> "Overlaps":
        """The columns of some pictures."""
        many = [_EMPTY, *pictures]
        counts = np.array([(len(one.boxes), len(one.wanted), len(one.prediction)) for one in many])
        before = np.concatenate([np.zeros((1, 3), np.int64), counts.cumsum(0)[:-1]])
        joined = Picture._make(np.concatenate([one[k] for one in many]) for k in range(len(Picture._fields)))
        prediction, target = (
            part + np.repeat(before[:, k], counts[:, 2]) for k, part in enumerate((joined.prediction, joined.object))
        )
        numbers = np.arange(-1, len(pictures))
        return Overlaps(
            np.repeat(numbers, counts[:, 0]),
            np.repeat(numbers, counts[:, 1]),
            joined._replace(prediction=prediction, object=target),
        )

    @cached_property
    def rank(self) -> Ints:
        """(g,) place of each prediction by falling score over all pictures; equal scores in the order of pictures."""
        order = np.argsort(-self.rows.scores, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return rank

    @cached_property
    def counted(self) -> Flags:
        """(g,) whether a prediction's class was sought in its picture, and it is among the 100 best of it there.

        COCO counts no more of them.
        """
        order = np.lexsort((self.rank, self.rows.labels, self.picture))
        picture, label = self.picture[order], self.rows.labels[order]
        starts = np.flatnonzero((np.diff(picture, prepend=-1) != 0) | (np.diff(label, prepend=-1) != 0))
        place = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
        counted = np.empty(len(order), bool)
        counted[order] = place < PREDICTIONS
        return counted & self.rows.judged

    @cached_property
    def same_class(self) -> Flags:
        """(p,) whether prediction and object have one class."""
        return self.rows.labels[self.rows.prediction] == self.rows.classes[self.rows.object]

    @cached_property
    def of_crowd(self) -> Flags:
        """(p,) whether the object is a crowd."""
        return self.rows.crowd[self.rows.object]

    @cached_property
    def of_ignored(self) -> Flags:
        """(p,) whether the object is a region to ignore: a crowd of every class."""
        return self.of_crowd & (self.rows.classes[self.rows.object] == ANY_CLASS)

    def pairs(self, chosen: Flags) -> Pairs:
        """Some of the pairs, by intersection over union."""
        return Pairs(self.rows.prediction, self.rows.object, self.rows.iou).where(chosen)

    def in_crowds(self, overlap: float) -> Flags:
        """(g,) whether a prediction lies, by at least `overlap` of itself, in a crowd of its class or of all."""
        return self._within((self.same_class & self.of_crowd) | self.of_ignored, overlap)

    def in_ignored(self, overlap: float) -> Flags:
        """(g,) whether a prediction lies, by at least `overlap` of itself, in a region to ignore."""
        return self._within(self.of_ignored, overlap)

    def _within(self, chosen: Flags, overlap: float) -> Flags:
        within = np.zeros(len(self.rows.scores), bool)
        within[self.rows.prediction[chosen & (self.rows.inside >= overlap)]] = True
        return within


_EMPTY = picture_of(Instances(), Instances())
