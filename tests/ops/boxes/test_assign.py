"""Target assignment by hand: objects, background, what is left out, and which boxes fit."""

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.ops.boxes.assign import (
    Assignment,
    assign,
    centred,
    classes_sought,
    crowds,
    inside,
    objects_like,
    real_objects,
    unknown,
    without_believed,
)
from saccade.ops.boxes.match import BACKGROUND, BETWEEN, Matcher, Nearest

SIZE = torch.tensor([50, 60])  # 50 high, 60 wide
MATCHER = Matcher(0.5, 0.3)
BOXES = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [40, 40, 50, 50]])


def shown(boxes, labels=None, crowd=None):
    """A picture with rows; by default without a word on crowds."""
    rows = Instances(
        boxes=torch.tensor(boxes).view(-1, 4).float(),
        labels=None if labels is None else torch.tensor(labels),
        crowd=None if crowd is None else torch.tensor(crowd),
    )
    return Annotation(instances=rows)


TWO = shown([[0, 0, 10, 10], [20, 22, 30, 32]], [7, 3])


def test_boxes_take_row_class_and_box_of_their_object():
    found = assign(MATCHER, BOXES, TWO, SIZE)
    # The second box overlaps the first object by a third, the third is 80 of 120 pixels of the second object.
    assert found.rows.tolist() == [0, BETWEEN, 1, BACKGROUND]
    assert found.labels.tolist() == [7, -1, 3, -1]
    assert found.boxes.tolist() == [[0, 0, 10, 10], BOXES[1].tolist(), [20, 22, 30, 32], BOXES[3].tolist()]


def test_objects_without_classes_are_all_of_one():
    found = assign(MATCHER, BOXES, shown([[0, 0, 10, 10], [20, 22, 30, 32]]), SIZE)
    assert found.labels.tolist() == [0, -1, 0, -1]


@pytest.mark.parametrize(
    "nothing", [Annotation(), shown([]), shown([[3, 3, 3, 9]], [1]), shown([[9, 9, 11, 11]], [1], [True])]
)
def test_where_nothing_is_sought_all_is_background(nothing):
    found = assign(MATCHER, BOXES, nothing, SIZE)
    assert found.rows.tolist() == found.labels.tolist() == [BACKGROUND] * 4
    assert torch.equal(found.boxes, BOXES)


def test_no_boxes_answer_for_nothing():
    for fit in (None, inside, centred):
        found = assign(MATCHER, BOXES[:0], TWO, SIZE, fit)
        assert (len(found.rows), len(found.labels), found.boxes.shape) == (0, 0, (0, 4))


def test_rows_count_the_objects_that_are_sought_alone():
    truth = shown([[0, 0, 60, 5], [5, 5, 5, 9], [20, 22, 30, 32]], [1, 2, 3], [True, False, False])
    assert real_objects(truth).labels.tolist() == [3]
    assert crowds(truth).tolist() == [[0, 0, 60, 5]]
    found = assign(MATCHER, BOXES, truth, SIZE)
    # Half of the first two boxes lies in the crowd, and half is not enough.
    assert found.rows.tolist() == [BACKGROUND, BACKGROUND, 0, BACKGROUND]


def test_background_in_a_crowd_is_left_out_and_objects_in_it_stay():
    truth = shown([[0, 0, 10, 10], [0, 0, 40, 40]], [7, 7], [False, True])
    assert unknown(BOXES, truth).tolist() == [True, True, True, False]
    assert assign(MATCHER, BOXES, truth, SIZE).rows.tolist() == [0, BETWEEN, BETWEEN, BACKGROUND]


def test_boxes_that_do_not_fit_are_left_out():
    boxes = torch.tensor([[-1.0, 0, 10, 10], [0, 0, 60, 50], [30, 20, 61, 49], [50, 10, 72, 30], [10, 45, 20, 54.5]])
    assert inside(boxes, SIZE).tolist() == [False, True, False, False, False]
    assert centred(boxes, SIZE).tolist() == [True, True, True, False, True]
    assert assign(MATCHER, boxes, Annotation(), SIZE, inside).rows.tolist() == [BETWEEN, BACKGROUND, *[BETWEEN] * 3]


def test_an_object_s_best_box_is_one_that_fits():
    boxes = torch.tensor([[-5.0, 0, 20, 20], [0, 0, 40, 40]])
    truth, ties = shown([[0, 0, 20, 20]], [4]), Matcher(0.7, 0.2, "ties")
    assert assign(ties, boxes, truth, SIZE).rows.tolist() == [0, BETWEEN]
    assert assign(ties, boxes, truth, SIZE, inside).rows.tolist() == [BETWEEN, 0]


def test_any_matcher_serves():
    assert assign(Nearest(0.3), BOXES, TWO, SIZE).rows.tolist() == [0, 0, 1, BACKGROUND]


def test_objects_come_as_the_boxes_are():
    rows = objects_like(TWO, BOXES.double())
    assert (rows.boxes.dtype, rows.labels.tolist()) == (torch.float64, [7, 3])
    assert objects_like(Annotation(), BOXES).boxes.shape == (0, 4)


def test_pictures_stack_and_rows_are_chosen_together():
    one, other = (assign(MATCHER, BOXES, truth, SIZE) for truth in (TWO, Annotation()))
    both = Assignment.stack([one, other])
    assert both.boxes.shape == (2, 4, 4)
    assert torch.equal(both.rows, torch.stack([one.rows, other.rows]))
    some = one[torch.tensor([2, 0])]
    assert (some.rows.tolist(), some.labels.tolist(), some.boxes.tolist()) == (
        [1, 0],
        [3, 7],
        one.boxes[[2, 0]].tolist(),
    )


def sought(*marks):
    return Annotation(sought=torch.tensor(marks))


def test_classes_that_were_sought_stand_a_row_a_picture():
    cpu = torch.device("cpu")
    assert classes_sought([Annotation(), sought(True, False)], cpu).tolist() == [[[True, True]], [[True, False]]]
    assert classes_sought([Annotation(), sought(True, True)], cpu) is None
    assert classes_sought([Annotation()], cpu) is None


def test_background_that_is_believed_an_object_is_left_out_where_classes_were_not_sought():
    rows = torch.tensor([[BACKGROUND, BACKGROUND, 0, BETWEEN]] * 2)
    scores = torch.tensor([[0.49, 0.5, 0.9, 0.9]] * 2)
    found = without_believed(rows, scores, [sought(True, True), sought(True, False)])
    assert found.tolist() == [rows[0].tolist(), [BACKGROUND, BETWEEN, 0, BETWEEN]]
    assert without_believed(rows, scores, [Annotation()] * 2) is rows


def test_a_region_of_every_class_is_a_crowd():
    truth = shown([[0, 0, 10, 10], [18, 18, 34, 34]], [7, -1], [False, True])
    found = assign(MATCHER, BOXES, truth, SIZE)
    assert found.rows.tolist() == [0, BETWEEN, BETWEEN, BACKGROUND]
    assert found.labels.tolist() == [7, -1, -1, -1]
