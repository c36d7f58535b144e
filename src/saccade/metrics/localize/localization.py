"""Localization: what is in the picture, and where. Few boxes a picture, not a detector's hundreds.

Legend: g predictions of a picture, m annotated boxes.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.headline import Headline, Resampling, weighted_mean
from saccade.metrics.picture_scores import PictureScores, Value
from saccade.metrics.sections import Column, Section, Table, class_section
from saccade.ops.boxes import geometry as boxes

PREDICTIONS = 5
OVERLAP = 0.5


class Placed(NamedTuple):
    """One picture's outcome.

    Attributes:
        label: True class.
        wrong: Whether none of the predictions is right, or None where no annotated box is of the true class.
        iou: IoU of the best-scored prediction with the largest annotated box.
        dice: Dice of the same two.
    """

    label: int
    wrong: bool | None
    iou: float
    dice: float


State = tuple[list[str], list[Placed]]


def ranked(prediction: Annotation, count: int = PREDICTIONS) -> tuple[Tensor, Tensor]:
    """Classes (g,) and boxes (g, 4) of the best-scored predictions of a picture, the best first.

    Rows with labels are predictions of their own, by falling score. Rows without are places for anything: the
    best-scored row is then paired with each of the best-scored classes of the picture (ILSVRC, one box for all
    classes).
    """
    rows = Instances() if prediction.instances is None else prediction.instances.sorted()
    if rows.boxes is None or not len(rows.boxes):
        return torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4)
    if rows.labels is not None:
        return rows.labels[:count], rows.boxes[:count].float()
    scores = torch.zeros(1) if prediction.label_scores is None else prediction.label_scores
    labels = scores.argsort(descending=True, stable=True)[:count]
    return labels, rows.boxes[:1].float().expand(len(labels), 4)


def misplaced(labels: Tensor, places: Tensor, label: int, truth: Tensor) -> bool:
    """The picture's error: the least over its predictions of max(class is wrong, IoU < .5).

    Args:
        labels: (g,) predicted classes.
        places: (g, 4) predicted boxes.
        label: The true class.
        truth: (m, 4) annotated boxes of that class; any of them will do.
    """
    if not len(labels) or not len(truth):
        return True
    found = boxes.iou_matrix(places, truth).amax(1) >= OVERLAP
    return not bool((found & (labels == label)).any())


def place(prediction: Annotation, truth: Annotation) -> Placed | None:
    """The outcome of one picture; None where no box, or none but crowds, is annotated."""
    rows = Instances() if truth.instances is None else truth.instances
    rows = rows if rows.crowd is None else rows[~rows.crowd]
    if rows.boxes is None or not len(rows.boxes) or truth.label is None:
        return None
    label, annotated = int(truth.label), rows.boxes.float()
    of_class = annotated if rows.labels is None else annotated[rows.labels == label]
    labels, places = ranked(prediction)
    wrong = misplaced(labels, places, label, of_class) if len(of_class) else None
    largest = annotated[boxes.area(annotated).argmax()][None]
    if not len(places):
        return Placed(label, wrong, 0.0, 0.0)
    return Placed(label, wrong, float(boxes.iou(places[:1], largest)), float(boxes.dice(places[:1], largest)))


class Localization:
    """Scores ``localization_error`` (ILSVRC, five predictions), ``iou`` and ``dice`` (best one, largest annotated box).

    Args:
        classes: C names.
    """

    needs = frozenset({"label", "instances.boxes"})
    reads = frozenset({"label_scores", "instances.boxes"})
    nearness = "the IoU of the best box with the largest object"

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._ids: list[str] = []
        self._placed: list[Placed] = []

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is 1 - IoU. Pictures without annotated boxes say nothing."""
        placed = place(prediction, truth)
        if placed is None:
            return None
        self._ids.append(id)
        self._placed.append(placed)
        return 1 - placed.iou

    def result(self) -> dict[str, float | None]:
        """The three scores; None without pictures that have a box."""
        return _means(self._placed)

    def sections(self) -> tuple[Section, ...]:
        """The three scores of the pictures of each class."""
        of_class = [_means([p for p in self._placed if p.label == k]) for k in range(len(self.classes))]
        columns = tuple(
            Column(name=name, values=[scores[name] for scores in of_class], telling=name == "iou")
            for name in _means([])
        )
        return (class_section(Table(rows=self.classes, columns=columns)),)

    def headline(self) -> Headline:
        """``iou`` and ``localization_error``."""
        found = np.array([one.iou for one in self._placed])
        resampling = Resampling(len(found), lambda counts: weighted_mean(found, counts), len(found))
        return Headline(("iou", "localization_error"), resampling=resampling)

    def by_picture(self) -> PictureScores:
        """The three scores of each picture."""
        columns: dict[str, list[Value]] = {
            "box_iou": [one.iou for one in self._placed],
            "box_dice": [one.dice for one in self._placed],
            "misplaced": [None if one.wrong is None else int(one.wrong) for one in self._placed],
        }
        return PictureScores(
            tuple(self._ids),
            columns,
            "Of them, misplaced says that none of five predictions is right, class and IoU ≥ .5.",
        )

    def state(self) -> State:
        """Names of the pictures, and one outcome each."""
        return self._ids, self._placed

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pictures of other processes."""
        for ids, placed in states:
            self._ids.extend(ids)
            self._placed.extend(placed)


def _means(placed: list[Placed]) -> dict[str, float | None]:
    return {
        "localization_error": mean_defined([None if p.wrong is None else float(p.wrong) for p in placed]),
        "iou": mean_defined([p.iou for p in placed]),
        "dice": mean_defined([p.dice for p in placed]),
    }
