"""What a network says of one picture's objects, as arrays, and which prediction speaks of which object.

Legend: g predictions, m objects of a picture.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.suspects.arrays import Flags, Floats, Ints
from saccade.ops.boxes.geometry import iou_matrix

# Predictions of less speak of nothing.
LEAST = 0.05
SAME = 0.5


@dataclass(frozen=True)
class ObjectRows:
    """One picture.

    Attributes:
        boxes: (m, 4) of the objects.
        labels: (m,).
        counts: (m,) bool, those that are no crowd, no region to ignore, and not difficult.
        guess_boxes: (g, 4) of the predictions.
        guess_labels: (g,).
        scores: (g,).
        overlap: (g, m) IoU of boxes.
        outline: (g, m) IoU of masks where both have one and boxes overlap by half, else NaN.
        sought: (g,) bool, predictions of classes that were looked for.
    """

    boxes: Floats
    labels: Ints
    counts: Flags
    guess_boxes: Floats
    guess_labels: Ints
    scores: Floats
    overlap: Floats
    outline: Floats
    sought: Flags

    @property
    def same_class(self) -> Flags:
        """(g, m) whether a prediction is of an object's class."""
        return self.guess_labels[:, None] == self.labels

    def right(self) -> Flags:
        """(g,) predictions that find an object of their class, each object by the best alone."""
        free, right = self.counts.copy(), np.zeros(len(self.scores), np.bool_)
        for place in np.argsort(-self.scores, kind="stable"):
            fits = np.where(free & self.same_class[place], self.overlap[place], 0)
            if len(fits) and fits.max() >= SAME:
                right[place], free[fits.argmax()] = True, False
        return right


def object_rows(prediction: Annotation, truth: Annotation) -> ObjectRows:
    """The objects of a picture as arrays; predictions without a box, or of a score below `LEAST`, are left out."""
    found, shown = prediction.instances or Instances(), truth.instances or Instances()
    if found.scores is not None:
        found = found[found.scores >= LEAST]
    boxes, guess_boxes = _boxes(shown), _boxes(found)
    overlap = iou_matrix(guess_boxes, boxes)
    labels, guess_labels = _labels(shown), _labels(found)
    aside = shown.is_ignored | _marks(shown.crowd, len(boxes)) | _marks(shown.difficult, len(boxes))
    sought = torch.ones(len(guess_boxes), dtype=torch.bool) if truth.sought is None else truth.sought[guess_labels]
    return ObjectRows(
        boxes=_array(boxes),
        labels=_array(labels),
        counts=_array(~aside),
        guess_boxes=_array(guess_boxes),
        guess_labels=_array(guess_labels),
        scores=_array(torch.ones(len(guess_boxes)) if found.scores is None else found.scores),
        overlap=_array(overlap),
        outline=_array(_outlines(found, shown, overlap)),
        sought=_array(sought),
    )


def _boxes(rows: Instances) -> Tensor:
    return torch.zeros(0, 4) if rows.boxes is None else rows.boxes


def _labels(rows: Instances) -> Tensor:
    return torch.zeros(len(_boxes(rows)), dtype=torch.int64) if rows.labels is None else rows.labels


def _marks(marks: Tensor | None, count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.bool) if marks is None else marks


def _array(values: Tensor) -> Any:
    plain = values.numpy(force=True)
    return plain.astype(np.float64) if values.is_floating_point() else plain


def _outlines(found: Instances, shown: Instances, overlap: Tensor) -> Tensor:
    """(g, m) IoU of masks, NaN where a row has none or boxes do not overlap by half."""
    result = torch.full_like(overlap, torch.nan)
    if found.masks is None or shown.masks is None:
        return result
    for guess, row in ((overlap >= SAME) & shown.has_mask).nonzero().tolist():
        ours, theirs = found.masks[[guess]].dense()[0], shown.masks[[row]].dense()[0]
        union = int((ours | theirs).sum())
        result[guess, row] = int((ours & theirs).sum()) / union if union else torch.nan
    return result
