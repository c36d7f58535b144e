"""Inception's layers, by hand-sized numbers."""

import torch
import torch.nn.functional as F

from saccade.layers.blocks.inception import BranchSizes, Inception, SpacedMean


def test_means_are_those_of_the_paper_where_there_are_enough_windows() -> None:
    maps = torch.rand(2, 3, 14, 14)
    torch.testing.assert_close(SpacedMean(4)(maps), F.avg_pool2d(maps, 5, 3))
    torch.testing.assert_close(SpacedMean(4)(maps)[:, :, 1, 2], maps[:, :, 3:8, 6:11].mean((2, 3)))
    assert SpacedMean(4)(torch.rand(1, 3, 20, 17)).shape == (1, 3, 6, 5)


def test_a_small_map_is_averaged_to_the_grid() -> None:
    maps = torch.rand(1, 3, 8, 13)
    torch.testing.assert_close(SpacedMean(4)(maps), F.adaptive_avg_pool2d(maps, 4))
    assert SpacedMean(5)(torch.rand(1, 3, 16, 16)).shape == (1, 3, 5, 5)


@torch.no_grad()
def test_branches_stand_side_by_side() -> None:
    torch.manual_seed(0)
    block = Inception(6, BranchSizes(2, 3, 4, 4, 8, 5))
    maps = torch.rand(1, 6, 7, 7)
    found = block(maps)
    assert found.shape == (1, 19, 7, 7)
    torch.testing.assert_close(found[:, :2], F.relu(block.one.conv(maps)))
    torch.testing.assert_close(found[:, 14:], F.relu(block.pool[1].conv(F.max_pool2d(maps, 3, 1, 1))))
    far = maps.clone()
    far[..., 5] += 1
    seen = (block(far) - found).abs().amax((1, 2))[0] > 0
    assert seen.tolist() == [False, False, False, True, True, True, True]
