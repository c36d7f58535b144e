"""The head for heat maps: what joints teach that are hidden or not annotated, and where predictions may be."""

from dataclasses import replace

import pytest
import torch

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError, UsageError
from saccade.heads.heatmaps.heatmap_head import HeatmapHead, HeatmapRaw
from saccade.network.maps import Maps
from saccade.ops.heatmaps import gaussian_maps

PITCH, CELLS = 4, 8
SIZES = torch.tensor([[32, 32]])
TRUTH = Annotation(pose=torch.tensor([[10.0, 12.0], [22.0, 28.0], [5.0, 3.0]]), pose_visible=torch.tensor([2, 1, 0]))


def maps(values: torch.Tensor) -> Maps:
    return Maps({"image": torch.zeros(1, 3, 32, 32), "map": values}, SIZES)


def test_hidden_joints_are_learnt_and_those_that_are_not_annotated_have_an_empty_map() -> None:
    """A mean over all cells of all joints, Newell's MSE."""
    wanted = gaussian_maps(TRUTH.pose / PITCH, (CELLS, CELLS))
    wanted[2] = 0
    perfect = HeatmapHead("map", PITCH)
    assert float(perfect.loss(maps(wanted[None]), [TRUTH])["maps"]) == 0
    off = perfect.loss(maps(wanted[None] + 0.5), [TRUTH])["maps"]
    torch.testing.assert_close(off, torch.tensor(0.25))


def test_joints_that_are_not_annotated_may_teach_nothing() -> None:
    head = HeatmapHead("map", PITCH, absent="ignored")
    values = gaussian_maps(TRUTH.pose / PITCH, (CELLS, CELLS))[None]
    values = (values + torch.tensor([0.1, 0.3, 9.0])[None, :, None, None]).requires_grad_()
    loss = head.loss(maps(values), [TRUTH])["maps"]
    torch.testing.assert_close(loss, torch.tensor((0.01 + 0.09) / 2))
    loss.backward()
    assert values.grad is not None
    assert values.grad[0, 1].any()
    assert not values.grad[0, 2].any()
    nobody = replace(TRUTH, pose_visible=torch.zeros(3, dtype=torch.int64))
    assert float(head.loss(maps(values.detach()), [nobody])["maps"]) == 0


def test_no_joint_is_found_in_a_batch_s_padding_nor_on_an_empty_map() -> None:
    values = torch.zeros(1, 2, CELLS, CELLS)
    values[0, 0, 6, 6], values[0, 0, 2, 1] = 0.9, 0.4
    (found,) = HeatmapHead("map", PITCH).decode(HeatmapRaw(values, torch.tensor([[20, 14]])))
    assert found.pose.tolist()[0] == [6.0, 10.0]
    assert found.pose_visible.tolist() == [2, 0]
    torch.testing.assert_close(found.pose_scores, torch.tensor([0.4, 0.0]))
    assert found.pose_maps.values.shape == (2, 5, 4)


def test_another_number_of_joints_is_refused() -> None:
    with pytest.raises(DataError, match=r"2 joints, as the network has.*3"):
        HeatmapHead("map", PITCH).loss(maps(torch.zeros(1, 2, CELLS, CELLS)), [TRUTH])


def test_words_that_there_are_not_are_refused() -> None:
    with pytest.raises(UsageError, match="empty, ignored"):
        HeatmapHead("map", PITCH, absent="zero")  # pyright: ignore[reportArgumentType]
