"""What a localizer looks for, and how its box gets the picture's class."""

from dataclasses import replace

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.ops.boxes.assign import real_objects
from saccade.ops.boxes.geometry import area


def main_object(truth: Annotation) -> Tensor | None:
    """(4,) box of the largest object of the picture's class, or None where nothing is shown.

    Crowds are left out. Where the picture has no class, its objects no labels, or no object has the picture's class,
    the largest of all counts.
    """
    rows = real_objects(truth)
    if rows.boxes is None or not len(rows):
        return None
    if truth.label is not None and rows.labels is not None and bool((rows.labels == truth.label).any()):
        rows = rows[rows.labels == truth.label]
    boxes = rows.boxes
    return None if boxes is None else boxes[int(area(boxes).argmax())]


def box_of_label(prediction: Annotation) -> Annotation:
    """A localizer's last touch: one row, of the predicted class and with its score.

    Where there is a row for each class, the predicted class's stays.
    """
    rows, label, scores = prediction.instances, prediction.label, prediction.label_scores
    if rows is None or label is None or scores is None:
        return prediction
    chosen = rows if rows.labels is None else rows[rows.labels == label]
    return replace(prediction, instances=replace(chosen, labels=label[None], scores=scores.max()[None]))
