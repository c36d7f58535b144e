"""Compact masks say what dense masks say, and cost only what their windows hold."""

import pytest
import torch

from saccade.core.masks import Masks, tight


def dense() -> torch.Tensor:
    masks = torch.zeros(4, 5, 7, dtype=torch.bool)
    masks[0, 1:3, 2:6] = True
    masks[1, 0, 0] = masks[1, 4, 6] = True
    masks[3] = True
    return masks


def test_dense_masks_come_back():
    masks = Masks.from_dense(dense())
    assert torch.equal(masks.dense(), dense())
    assert masks.size == (5, 7)
    assert masks.bits.numel() == 8 + 35 + 0 + 35
    assert len(masks) == 4


def test_areas_and_boxes_by_hand():
    masks = Masks.from_dense(dense())
    assert masks.areas().tolist() == [8, 2, 0, 35]
    assert masks.boxes().tolist() == [[2, 1, 6, 3], [0, 0, 7, 5], [0, 0, 0, 0], [0, 0, 7, 5]]


def test_windows_may_be_wider_than_the_mask():
    crop = torch.zeros(4, 4, dtype=torch.bool)
    crop[1, 2] = True
    masks = Masks.from_crops([crop], [(2, 1)], (5, 7))
    assert masks.boxes().tolist() == [[4, 2, 5, 3]]
    assert torch.equal(masks.dense().nonzero(), torch.tensor([[0, 2, 4]]))


@pytest.mark.parametrize(
    "index",
    [torch.tensor([2, 0]), [3, 3, 1], slice(1, 3), torch.tensor([True, False, False, True]), [], torch.zeros(0).long()],
)
def test_rows_are_chosen_as_of_a_tensor(index: object):
    assert torch.equal(Masks.from_dense(dense())[index].dense(), dense()[index])


def test_one_after_the_other():
    masks = Masks.from_dense(dense())
    assert torch.equal(Masks.cat([masks[:1], masks[1:]]).dense(), dense())
    with pytest.raises(ValueError, match="one picture"):
        Masks.cat([masks, Masks.empty((5, 8))])


def test_none():
    none = Masks.empty((5, 7))
    assert len(none) == 0
    assert none.dense().shape == (0, 5, 7)
    assert none.areas().shape == (0,)
    assert none.boxes().shape == (0, 4)
    assert len(Masks.from_dense(torch.zeros(0, 5, 7))) == 0
    assert len(Masks.from_crops([], [], (5, 7))) == 0
    assert len(Masks.cat([none, none])) == 0


def test_tight_cuts():
    crop, corner = tight(dense()[0])
    assert (tuple(crop.shape), corner) == ((2, 4), (2, 1))
    assert tight(dense()[2])[0].numel() == 0
