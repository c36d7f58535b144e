"""What a detector takes for what, at one threshold of the score.

Legend: C classes, g predictions, m objects.
"""

import numpy as np
import torch
from torch import Tensor

from saccade.metrics.detect.assign import in_turn
from saccade.metrics.detect.overlaps import Overlaps


def object_confusion(of: Overlaps, classes: int, score: float = 0.5, overlap: float = 0.5) -> Tensor:
    """(C + 1, C + 1) int64 counts: rows by the object's class, columns by the prediction's.

    First each prediction takes an object of its own class, as the scores count it; then those that are left take
    objects that are left, of any class. What still is left stands in the last row (predictions where nothing is) and in
    the last column (objects that are missed). So each object counts once in its row, and each prediction once in its
    column. Crowds, predictions in them that take no object, and predictions of classes that were not sought in the
    picture are left out.

    Args:
        of: Predictions and objects.
        classes: C.
        score: Predictions that score less are left out.
        overlap: Least intersection over union of a prediction and the object that it takes.
    """
    rows = of.rows
    kept = of.counted & (rows.scores >= score)
    fit = kept[rows.prediction] & ~of.of_crowd & (rows.iou >= overlap)
    taken = in_turn(of.pairs(fit & of.same_class), of.rank, len(rows.classes))
    free = np.ones(len(rows.classes), bool)
    free[taken[taken >= 0]] = False
    second = in_turn(of.pairs(fit & (taken < 0)[rows.prediction] & free[rows.object]), of.rank, len(rows.classes))
    taken = np.where(taken < 0, second, taken)
    free[taken[taken >= 0]] = False
    kept &= (taken >= 0) | ~of.in_crowds(overlap)
    truth = np.append(rows.classes, classes)[taken[kept]]
    missed = rows.classes[free & ~rows.crowd]
    truth, prediction = np.append(truth, missed), np.append(rows.labels[kept], np.full(len(missed), classes))
    counts = np.bincount(truth * (classes + 1) + prediction, minlength=(classes + 1) ** 2)
    return torch.from_numpy(counts.reshape(classes + 1, classes + 1))
