"""Regions of several maps, and views of several sizes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.pools.skip_pool import SkipPool
from saccade.layers.towers.foveal import FovealTower, FovealView, grown
from saccade.layers.towers.region_towers import Outputs
from saccade.ops.regions.pool import pool_regions

LEVELS = {"fine": Level(3, 4), "deep": Level(5, 8)}
REGIONS = torch.tensor([[0.0, 0, 31, 31], [8, 8, 30, 20]])
OWNERS = torch.tensor([0, 1])


def maps():
    draw = torch.Generator().manual_seed(0)
    return {"fine": torch.rand(2, 3, 8, 8, generator=draw), "deep": 100 * torch.rand(2, 5, 4, 4, generator=draw)}


def test_each_map_s_part_of_a_region_has_the_same_length():
    pool = SkipPool(LEVELS, ("fine", "deep"), 8, 3, scale=10.0, learnt=True)
    pool.mix = nn.Identity()
    found = pool(maps(), REGIONS, OWNERS)
    assert found.shape == (2, 8, 3, 3)
    for part in (found[:, :3], found[:, 3:]):
        torch.testing.assert_close(part.flatten(1).norm(dim=1), torch.full((2,), 10.0))
    fine = pool_regions(maps()["fine"], REGIONS, OWNERS, 3, 4, "max").flatten(1)
    torch.testing.assert_close(found[:, :3].flatten(1), 10 * F.normalize(fine, dim=1))


def test_the_scale_learns_where_it_should():
    pool = SkipPool(LEVELS, ("fine", "deep"), 4, 3, learnt=True)
    assert pool.scale.shape == (8, 1, 1)
    assert set(pool.scale.flatten().tolist()) == {1000}
    assert "scale" not in dict(SkipPool(LEVELS, ("fine",), 4, 3).named_parameters())


def test_a_silent_map_stays_silent():
    silent = {**maps(), "deep": torch.zeros(2, 5, 4, 4)}
    pool = SkipPool(LEVELS, ("deep",), 5, 3)
    pool.mix = nn.Identity()
    assert not pool(silent, REGIONS, OWNERS).any()


def test_a_map_of_one_position_is_no_place_for_regions():
    with pytest.raises(UsageError, match="positions"):
        SkipPool({"fc7": Level(8, None)}, ("fc7",), 4)


def test_foveal_regions_grow_about_their_centres():
    box = torch.tensor([[100.0, 200, 140, 220]])
    assert grown(box, 1).tolist() == box.tolist()
    assert grown(box, 1.5).tolist() == [[90, 195, 150, 225]]
    assert grown(box, 2).tolist() == [[80, 190, 160, 230]]
    assert grown(box, 4).tolist() == [[40, 170, 200, 250]]


class Corner(nn.Module):
    """What is pooled of a region: where it begins."""

    def forward(self, maps, regions, owners):
        return regions[:, :2]


def test_scores_read_all_views_and_codes_their_own():
    views = [FovealView(factor, Corner(), nn.Identity()) for factor in (1.0, 2.0)]
    tower = FovealTower(views, FovealView(4.0, Corner(), nn.Identity()), 2, Outputs(4, 1))
    for layer in (tower.score, tower.box):
        nn.init.zeros_(layer.bias)
        nn.init.eye_(layer.weight)
    logits, codes = tower({}, torch.tensor([[10.0, 20, 20, 40]]), OWNERS[:1])
    assert logits.tolist() == [[10, 20, 5, 10]]
    assert codes.tolist() == [[[-5, -10, 0, 0]]]
