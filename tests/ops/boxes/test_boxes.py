"""Boxes by hand-sized numbers, against torchvision, and on nothing."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import box_iou

from saccade.ops.boxes import geometry as boxes

A = torch.tensor([[0.0, 0.0, 5.0, 2.0]])
B = torch.tensor([[2.5, 0.0, 7.5, 2.0]])
POINT = torch.tensor([[3.0, 3.0, 3.0, 3.0]])


def some_boxes(count, seed):
    corners = torch.rand(count, 2, generator=torch.Generator().manual_seed(seed)) * 10
    sides = torch.rand(count, 2, generator=torch.Generator().manual_seed(seed + 1)) * 5 + 0.1
    return torch.cat([corners, corners + sides], 1)


def test_areas_of_ten_that_share_five_overlap_by_a_third():
    assert boxes.area(A).item() == 10
    assert boxes.intersection(A, B).item() == 5
    torch.testing.assert_close(boxes.iou(A, B), torch.tensor([1 / 3]))
    torch.testing.assert_close(boxes.dice(A, B), torch.tensor([0.5]))


@given(st.integers(0, 1000))
def test_pairs_are_the_matrix_s_diagonal_and_dice_follows_from_iou(seed):
    first, second = some_boxes(6, seed), some_boxes(6, seed + 7)
    iou = boxes.iou(first, second)
    torch.testing.assert_close(iou, box_iou(first, second).diagonal())
    torch.testing.assert_close(iou, boxes.iou_matrix(first, second).diagonal())
    torch.testing.assert_close(boxes.dice(first, second), 2 * iou / (1 + iou))


def test_boxes_without_area_overlap_by_zero_and_not_by_nan():
    inverted = torch.tensor([[5.0, 5.0, 1.0, 1.0]])
    for degenerate in (POINT, inverted):
        assert boxes.area(degenerate).item() == 0
        for other in (degenerate, A):
            assert boxes.iou(degenerate, other).item() == 0
            assert boxes.dice(degenerate, other).item() == 0
            assert boxes.iou_matrix(degenerate, other).item() == 0


def test_centres_lead_back_to_corners():
    torch.testing.assert_close(boxes.to_centres(A), torch.tensor([[2.5, 1.0, 5.0, 2.0]]))
    corners = some_boxes(8, 3)
    torch.testing.assert_close(boxes.from_centres(boxes.to_centres(corners)), corners)


def test_no_boxes_give_empty_answers():
    none = torch.zeros(0, 4)
    assert boxes.area(none).shape == boxes.iou(none, none).shape == boxes.dice(none, none).shape == (0,)
    assert boxes.iou_matrix(none, A).shape == (0, 1)
    assert boxes.iou_matrix(A, none).shape == (1, 0)
    assert boxes.to_centres(none).shape == boxes.from_centres(none).shape == (0, 4)
