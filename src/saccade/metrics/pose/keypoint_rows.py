"""Joints of predictions and objects, as columns and in COCO's own form, whose evaluation asks for it.

Legend: g predictions and m objects of one picture, p pairs of the two, K joints.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import ANY_CLASS, Instances
from saccade.metrics.detect.overlaps import LEAST, Overlaps, Picture, picture_of
from saccade.metrics.pose.oks import oks
from saccade.metrics.pose.within import Flags, Floats

MOST = 20  # predictions of a class and a picture that COCO counts


class KeypointPicture(NamedTuple):
    """One picture.

    Attributes:
        columns: Predictions and objects; their overlap is the similarity of their joints, and objects without an
            annotated joint are crowds.
        guess: (g, K, 2) joints of the predictions, in the same order.
        truth: (m, K, 2) joints of the objects.
        visible: (m, K) 0 not annotated, 1 hidden, 2 visible.
        crowd: (m,) what really are crowds.
    """

    columns: Picture
    guess: Floats
    truth: Floats
    visible: NDArray[np.int64]
    crowd: Flags


def keypoint_picture(
    prediction: Instances, truth: Instances, sigmas: Floats, sought: torch.Tensor | None = None
) -> KeypointPicture:
    """The columns of one picture; of predictions the 20 best of each class, and none of which no joint is told.

    Args:
        prediction: Boxes, labels, scores and keypoints.
        truth: Boxes, labels, keypoints, how visible these are, and area and crowd where they are known.
        sigmas: (K,) constants of the similarity.
        sought: (C,) bool, which classes were sought; None: all.
    """
    if prediction.visible is not None:
        prediction = prediction[(prediction.visible > 0).any(1)]
    given = _best(prediction.sorted())
    shown = picture_of(given, truth, sought=sought, least=np.inf)
    guess, wanted = (_joints(rows, len(sigmas)) for rows in (given, truth))
    visible = np.zeros(wanted.shape[:2], np.int64)
    if truth.visible is not None:
        visible = truth.visible.numpy().astype(np.int64)
    known: Flags = visible > 0
    alike = oks(guess, wanted, known, shown.area, shown.wanted, sigmas)
    pairs: Any = np.nonzero(alike >= LEAST)
    near = alike[pairs]
    crowd = shown.crowd | ~known.any(axis=1)
    columns = shown._replace(prediction=pairs[0], object=pairs[1], iou=near, inside=near, crowd=crowd)
    return KeypointPicture(columns, guess, wanted, visible, shown.crowd)


def _joints(rows: Instances, count: int) -> Floats:
    if rows.keypoints is None:
        return np.zeros((len(rows), count, 2))
    return rows.keypoints.double().numpy()


def _best(rows: Instances) -> Instances:
    """The 20 best rows of each class, of rows by falling score."""
    if rows.labels is None or not len(rows):
        return rows
    same = rows.labels[:, None] == rows.labels
    before = same.tril(-1).sum(1)
    return rows[before < MOST]


def joined(pictures: Sequence[KeypointPicture], joints: int) -> tuple[Overlaps, Floats, Floats, NDArray[np.int64]]:
    """Columns of all pictures, and (g, K, 2) joints of predictions, (m, K, 2) of objects, (m, K) how visible."""
    empty = (np.zeros((0, joints, 2)), np.zeros((0, joints, 2)), np.zeros((0, joints), np.int64))
    guess, truth, visible = (
        np.concatenate([none, *(one[place] for one in pictures if len(one[place]))])
        for place, none in enumerate(empty, 1)
    )
    return Overlaps.of([one.columns for one in pictures]), guess, truth, visible


def as_truth(pictures: Sequence[KeypointPicture], classes: Sequence[str]) -> dict[str, Any]:
    """The objects in COCO's form; a region to ignore is a crowd of each class."""
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(pictures):
        shown = one.columns
        boxes = np.concatenate([shown.wanted[:, :2], shown.wanted[:, 2:] - shown.wanted[:, :2]], 1).tolist()
        marked = np.concatenate([one.truth, one.visible[..., None]], 2)
        for place, label in enumerate(shown.classes.tolist()):
            row = {
                "image_id": number,
                "bbox": boxes[place],
                "area": float(shown.area[place]),
                "iscrowd": int(one.crowd[place]),
                "keypoints": marked[place].ravel().tolist(),
                "num_keypoints": int((one.visible[place] > 0).sum()),
            }
            labels = range(len(classes)) if label == ANY_CLASS else (label,)
            rows += [{**row, "category_id": each, "id": len(rows) + 1 + k} for k, each in enumerate(labels)]
    return {
        "images": [{"id": number} for number in range(len(pictures))],
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes)],
        "annotations": rows,
    }


def as_results(pictures: Sequence[KeypointPicture]) -> list[dict[str, Any]]:
    """The predictions of classes that were sought in their picture, in COCO's form."""
    found: list[dict[str, Any]] = []
    for number, one in enumerate(pictures):
        marked = np.concatenate([one.guess, np.ones((*one.guess.shape[:2], 1))], 2)
        for place in np.flatnonzero(one.columns.judged).tolist():
            label, score = int(one.columns.labels[place]), float(one.columns.scores[place])
            joints = marked[place].ravel().tolist()
            found.append({"image_id": number, "category_id": label, "score": score, "keypoints": joints})
    return found
