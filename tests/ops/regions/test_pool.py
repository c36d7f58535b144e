"""Region pooling by hand, by a plain loop, and against torchvision's choice of levels."""

import torch
from torchvision.ops.poolers import LevelMapper

from saccade.ops.regions import pool

ONE = torch.zeros(1, dtype=torch.int64)


def test_max_pooling_of_a_quarter_takes_its_greatest():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    found = pool.pool_regions(maps, torch.tensor([[0.0, 0, 16, 16]]), ONE, 2, 16, "max")
    assert found[0, 0].tolist() == [[0, 1], [4, 5]]


def test_align_of_a_ramp_gives_the_ramp_at_the_cells_centres():
    ramp = torch.arange(20.0).view(1, 1, 1, 20).expand(1, 1, 20, 20)
    found = pool.pool_regions(ramp, torch.tensor([[8.0, 8, 40, 40]]), ONE, 4, 4, "align")
    torch.testing.assert_close(found[0, 0, 0], torch.tensor([3.0, 5, 7, 9]))


def test_levels_equal_torchvision_s():
    sides = torch.tensor([1.0, 50, 111.9, 112, 223, 224, 300, 447, 448, 900, 5000])
    regions = torch.stack([torch.zeros_like(sides), torch.zeros_like(sides), sides, sides], 1)
    assert pool.level_of(regions, 4).tolist() == LevelMapper(2, 5)([regions]).tolist()


def test_no_regions_make_no_maps():
    found = pool.pool_regions(
        torch.rand(1, 3, 8, 8), torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), 7, 4, "align"
    )
    assert found.shape == (0, 3, 7, 7)
