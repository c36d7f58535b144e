"""Pascal VOC's average precision.

Source: Everingham et al. 2010, The Pascal visual object classes challenge, section 4.2: guesses are matched by falling
score with the object that they overlap most, at least by half; each object once; difficult objects count neither way.

Legend: N pictures, g guesses of a class over all pictures, C classes.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import Instances
from saccade.core.errors import UsageError
from saccade.ops.boxes import iou_matrix

Points = Literal["all", 11]


class Ranked(NamedTuple):
    """The guesses of one class over all pictures, by falling score.

    Attributes:
        scores: (g,).
        right: (g,) bool; guesses of difficult objects are left out.
        objects: Number of objects that are not difficult.
    """

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    objects: int

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(g,) recalls and (g,) precisions after each guess."""
        hits = self.right.cumsum()
        return hits / max(self.objects, 1), hits / np.arange(1, len(hits) + 1)


def voc_ap(
    guesses: Sequence[Instances], truths: Sequence[Instances], iou: float = 0.5, points: Points | str = "all"
) -> tuple[list[float | None], float | None]:
    """Average precision of each class, and its mean over the classes that have objects.

    Args:
        guesses: Boxes, labels and scores of each picture.
        truths: Boxes and labels of each picture, and ``difficult`` where it is known; crowds count as difficult.
        iou: Least overlap of a right guess.
        points: ``all``: area under the precision that never falls (2010 and later). 11: mean of eleven recalls (2007).

    Returns:
        C values, None for a class without objects, where C is 1 + the greatest label; and their mean.

    Raises:
        UsageError: The numbers of pictures differ, or `points` is neither.
    """
    if len(guesses) != len(truths):
        raise UsageError(f"guesses of {len(truths)} pictures are expected, found {len(guesses)}")
    if str(points) not in ("all", "11"):
        raise UsageError(f"points 'all' or 11 is expected, found {points!r}")
    labels = [int(rows.labels.max()) for rows in (*guesses, *truths) if rows.labels is not None and len(rows.labels)]
    classes = 1 + max(labels, default=-1)
    values = [average_precision(rank(guesses, truths, label, iou), points) for label in range(classes)]
    known = [value for value in values if value is not None]
    return values, sum(known) / len(known) if known else None


def average_precision(ranked: Ranked, points: Points | str = "all") -> float | None:
    """The summary of one class's curve; None without objects."""
    if not ranked.objects:
        return None
    recall, precision = ranked.curve()
    if str(points) == "11":
        # A thousandth of a thousandth keeps a recall of .3 from missing its own point.
        reached = [precision[recall >= point - 1e-9] for point in np.linspace(0, 1, 11)]
        return float(np.mean([part.max() if len(part) else 0.0 for part in reached]))
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((falling * np.diff(recall, prepend=0.0)).sum())


def rank(guesses: Sequence[Instances], truths: Sequence[Instances], label: int, iou: float = 0.5) -> Ranked:
    """The guesses of one class, matched."""
    scores: list[NDArray[np.float64]] = []
    right: list[NDArray[np.int64]] = []
    objects = 0
    for guess, truth in zip(guesses, truths, strict=True):
        found, wanted = _of_class(guess, label).sorted(), _of_class(truth, label)
        spared = _spared(wanted)
        objects += int((~spared).sum())
        if len(found) and found.scores is not None:
            scores.append(found.scores.double().numpy())
            right.append(_match(found, wanted, spared, iou))
    if not scores:
        return Ranked(np.zeros(0), np.zeros(0, np.bool_), objects)
    values, outcome = np.concatenate(scores), np.concatenate(right)
    order = np.argsort(-values, kind="stable")
    order = order[outcome[order] >= 0]
    return Ranked(values[order], outcome[order] == 1, objects)


def _of_class(rows: Instances, label: int) -> Instances:
    if rows.boxes is None or rows.labels is None:
        return Instances(boxes=torch.zeros(0, 4))
    return rows[rows.labels == label]


def _spared(rows: Instances) -> NDArray[np.bool_]:
    """Objects that count neither way."""
    spared = torch.zeros(len(rows), dtype=torch.bool)
    for column in (rows.difficult, rows.crowd):
        spared = spared if column is None else spared | column.bool()
    return spared.numpy()


def _match(found: Instances, wanted: Instances, spared: NDArray[np.bool_], iou: float) -> NDArray[np.int64]:
    """1 right, 0 wrong, -1 left out, of one picture's guesses by falling score."""
    outcome = np.zeros(len(found), np.int64)
    if not len(wanted) or found.boxes is None or wanted.boxes is None:
        return outcome
    overlap, nearest = iou_matrix(found.boxes.double(), wanted.boxes.double()).max(1)
    taken = np.zeros(len(wanted), np.bool_)
    for place, (value, target) in enumerate(zip(overlap.tolist(), nearest.tolist(), strict=True)):
        if value < iou:
            continue
        if spared[target]:
            outcome[place] = -1
        elif not taken[target]:
            taken[target], outcome[place] = True, 1
    return outcome
