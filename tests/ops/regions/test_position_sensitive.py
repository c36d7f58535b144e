"""Position-sensitive pooling: by hand, by a plain loop, by torchvision where it is right, and its slope."""

from math import ceil, floor

import pytest
import torch
from torchvision.ops import ps_roi_pool

from saccade.ops.regions.position_sensitive import pool_position_sensitive

ONE = torch.zeros(1, dtype=torch.int64)


def regions(count: int, side: float, seed: int = 0) -> torch.Tensor:
    """Regions inside a square of `side` pixels and beyond it."""
    draw = torch.Generator().manual_seed(seed)
    corners = torch.rand(count, 2, 2, generator=draw) * (side + 20) - 10
    return torch.cat([corners.amin(1), corners.amax(1)], 1)


def by_loop(maps, boxes, owners, size, stride):
    """One cell after another."""
    channels, height, width = maps.shape[1] // size**2, *maps.shape[2:]
    found = torch.zeros(len(boxes), channels, size, size, dtype=maps.dtype)
    for n, (x1, y1, x2, y2) in enumerate((boxes.double() / stride).tolist()):
        wide, tall = max(x2 - x1, 0.1) / size, max(y2 - y1, 0.1) / size
        for i in range(size):
            for j in range(size):
                rows = slice(*(min(max(v, 0), height) for v in (floor(y1 + i * tall), ceil(y1 + (i + 1) * tall))))
                columns = slice(*(min(max(v, 0), width) for v in (floor(x1 + j * wide), ceil(x1 + (j + 1) * wide))))
                for c in range(channels):
                    part = maps[owners[n], (c * size + i) * size + j, rows, columns]
                    found[n, c, i, j] = part.mean() if part.numel() else 0
    return found


def test_each_cell_reads_its_own_maps():
    maps = torch.arange(4.0).view(1, 4, 1, 1).expand(1, 4, 8, 8).contiguous()
    found = pool_position_sensitive(maps, torch.tensor([[0.0, 0, 64, 64]]), ONE, 2, 8)
    assert found[0, 0].tolist() == [[0, 1], [2, 3]]


def test_a_cell_is_the_mean_from_floor_to_ceiling():
    ramp = torch.arange(6.0).expand(1, 4, 6, 6).contiguous()
    found = pool_position_sensitive(ramp, torch.tensor([[4.0, 0, 24, 24]]), ONE, 2, 4)
    # From position 1 to 6: cells of 2.5 positions see 1, 2, 3 and 3, 4, 5, the map's last column too.
    assert found[0, 0].tolist() == [[2, 4], [2, 4]]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_it_equals_a_loop(size):
    maps = torch.randn(2, 2 * size**2, 9, 11, generator=torch.Generator().manual_seed(1))
    boxes, owners = regions(20, 144), torch.arange(20) % 2
    found = pool_position_sensitive(maps, boxes, owners, size, 16)
    torch.testing.assert_close(found, by_loop(maps, boxes, owners, size, 16))


def test_it_equals_torchvision_s_for_regions_of_whole_positions_on_a_map_with_a_border():
    maps = torch.randn(2, 2 * 9, 9, 11, generator=torch.Generator().manual_seed(2))
    boxes, owners = (regions(30, 144, seed=3) / 16).round() * 16, torch.arange(30) % 2
    sides = boxes[:, 2:] - boxes[:, :2]
    kept = (sides > 0).all(1)
    boxes, owners = boxes[kept], owners[kept]
    # Its forward pass never reads the last row and column, and its backward pass never writes beyond the map.
    bordered = torch.nn.functional.pad(maps, (0, 1, 0, 1))
    theirs = ps_roi_pool(bordered, torch.cat([owners[:, None].float(), boxes], 1), 3, 1 / 16)
    torch.testing.assert_close(pool_position_sensitive(maps, boxes, owners, 3, 16), theirs)


def test_its_slope_is_that_of_its_values():
    maps = torch.randn(2, 2 * 4, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    boxes = torch.tensor([[0.0, 0, 40, 32], [3, 5, 38, 30], [30, 20, 60, 60], [8, 8, 8, 8]], dtype=torch.float64)
    owners = torch.tensor([0, 1, 1, 0])
    assert torch.autograd.gradcheck(
        lambda tensor: pool_position_sensitive(tensor, boxes, owners, 2, 8), maps.requires_grad_()
    )


def test_a_region_outside_the_map_votes_for_nothing():
    found = pool_position_sensitive(torch.ones(1, 4, 4, 4), torch.tensor([[90.0, 90, 99, 99]]), ONE, 2, 8)
    assert not found.any()


def test_no_regions_have_no_cells():
    found = pool_position_sensitive(torch.ones(1, 8, 4, 4), torch.zeros(0, 4), ONE[:0], 2, 8)
    assert found.shape == (0, 2, 2, 2)
