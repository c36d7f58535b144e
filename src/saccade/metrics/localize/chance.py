"""What is had without looking at a picture: the least that a localizer's scores must beat."""

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.metrics.localize.localization import Localization
from saccade.ops.boxes.assign import real_objects
from saccade.ops.boxes.geometry import area


def chance(train: Dataset, measured: Dataset) -> dict[str, float]:
    """``top1`` and ``iou`` of the commonest class and the mean largest box of the training pictures, for every picture.

    Args:
        train: What is known: pictures with a class and boxes, all of one size.
        measured: What is measured on.
    """
    shown = [train.truth(index) for index in range(len(train))]
    labels = torch.stack([truth.label for truth in shown if truth.label is not None])
    boxes = torch.stack([box for truth in shown if (box := _largest(truth)) is not None])
    scores = torch.bincount(labels, minlength=len(train.classes)).float() / len(labels)
    rows = Instances(boxes=boxes.mean(0, keepdim=True), scores=torch.ones(1))
    blind = Annotation(label=scores.argmax(), label_scores=scores, instances=rows)
    metric, right = Localization(measured.classes), 0
    for index in range(len(measured)):
        truth = measured.truth(index)
        metric.update(blind, truth, measured.id(index))
        right += int(truth.label is not None and int(truth.label) == int(scores.argmax()))
    return {"top1": right / max(len(measured), 1), "iou": metric.result()["iou"] or 0.0}


def _largest(truth: Annotation) -> Tensor | None:
    boxes = real_objects(truth).boxes
    return None if boxes is None or not len(boxes) else boxes[area(boxes).argmax()]
