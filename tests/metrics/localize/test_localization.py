"""Localization by hand: several predictions, several annotated boxes, crowds, nothing."""

import pickle

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.localize.localization import Localization, place, ranked
from section_parts import table

TRUE = [0.0, 0.0, 10.0, 10.0]
HALF = [0.0, 0.0, 10.0, 5.0]  # IoU .5 with TRUE: just right
THIRD = [5.0, 0.0, 15.0, 10.0]  # IoU 1/3 with TRUE: wrong
SMALL = [20.0, 20.0, 22.0, 22.0]
CLASSES = ("ant", "bee", "cat")


def truth(label, *rows, crowd=None):
    boxes = torch.tensor([box for _, box in rows]).view(-1, 4)
    instances = Instances(
        boxes=boxes, labels=torch.tensor([k for k, _ in rows], dtype=torch.int64), crowd=_tensor(crowd)
    )
    return Annotation(label=torch.tensor(label), instances=instances)


def prediction(*rows):
    labels, scores, boxes = zip(*rows, strict=True) if rows else ((), (), ())
    instances = Instances(
        boxes=torch.tensor(boxes).view(-1, 4),
        labels=torch.tensor(labels, dtype=torch.int64),
        scores=torch.tensor(scores),
    )
    return Annotation(instances=instances)


def _tensor(values):
    return None if values is None else torch.tensor(values)


@pytest.mark.parametrize(
    ("predictions", "wrong", "iou"),
    [
        ([(0, 0.9, HALF)], False, 0.5),
        ([(0, 0.9, THIRD)], True, 1 / 3),
        ([(1, 0.9, TRUE)], True, 1.0),
        ([(1, 0.2, TRUE), (0, 0.9, THIRD)], True, 1 / 3),
        ([(0, 0.2, TRUE), (1, 0.9, THIRD)], False, 1 / 3),
        ([(1, 0.9 - i / 10, THIRD) for i in range(4)] + [(0, 0.1, TRUE)], False, 1 / 3),
        ([(1, 0.9 - i / 10, THIRD) for i in range(5)] + [(0, 0.1, TRUE)], True, 1 / 3),
        ([], True, 0.0),
    ],
    ids=["half", "third", "class", "two_wrong", "second_right", "fifth_right", "sixth_right", "none"],
)
def test_a_picture_is_wrong_when_none_of_five_guesses_has_class_and_place(predictions, wrong, iou):
    placed = place(prediction(*predictions), truth(0, (0, TRUE)))
    assert placed is not None
    assert (placed.label, placed.wrong) == (0, wrong)
    assert placed.iou == pytest.approx(iou)
    assert placed.dice == pytest.approx(2 * iou / (1 + iou))


def test_any_box_of_the_class_will_do_but_overlap_is_with_the_largest():
    placed = place(prediction((0, 0.9, SMALL)), truth(0, (0, SMALL), (0, TRUE)))
    assert placed is not None
    assert (placed.wrong, placed.iou) == (False, 0.0)


def test_a_box_of_another_class_is_no_place():
    placed = place(prediction((0, 0.9, SMALL)), truth(0, (0, TRUE), (1, SMALL)))
    assert placed is not None
    assert placed.wrong is True


def test_rows_without_labels_are_places_for_the_best_five_classes():
    scores = torch.tensor([0.1, 0.3, 0.2, 0.15, 0.05, 0.2])
    labels, boxes = ranked(Annotation(label_scores=scores, instances=Instances(boxes=torch.tensor([TRUE, SMALL]))))
    assert labels.tolist() == [1, 2, 5, 3, 0]
    assert boxes.tolist() == [TRUE] * 5


def test_crowds_are_not_sought_and_pictures_without_boxes_say_nothing():
    crowded = truth(0, (0, TRUE), (0, SMALL), crowd=[True, False])
    placed = place(prediction((0, 0.9, SMALL)), crowded)
    assert placed is not None
    assert placed.iou == 1
    assert place(prediction((0, 0.9, TRUE)), truth(0, (0, TRUE), crowd=[True])) is None
    assert place(prediction((0, 0.9, TRUE)), truth(0)) is None


def test_a_label_without_a_box_of_its_class_leaves_the_error_undefined():
    metric = Localization(CLASSES)
    metric.update(prediction((0, 0.9, HALF)), truth(2, (0, TRUE)), "a")
    assert metric.result() == {"localization_error": None, "iou": 0.5, "dice": pytest.approx(2 / 3)}


def test_scores_are_means_over_pictures_and_merge_over_processes():
    parts = [Localization(CLASSES), Localization(CLASSES)]
    assert parts[0].update(prediction((0, 0.9, HALF)), truth(0, (0, TRUE)), "a") == pytest.approx(0.5)
    parts[0].update(prediction((1, 0.9, TRUE)), truth(0, (0, TRUE)), "b")
    parts[1].update(prediction(), truth(2, (2, TRUE)), "c")
    whole = Localization(CLASSES)
    whole.merge(pickle.loads(pickle.dumps([part.state() for part in parts])))
    assert whole.result() == pytest.approx({"localization_error": 2 / 3, "iou": 0.5, "dice": (2 / 3 + 1) / 3})
    assert table(whole)["localization_error"] == [0.5, None, 1.0]


def test_no_pictures_are_undefined():
    assert set(Localization(CLASSES).result().values()) == {None}
