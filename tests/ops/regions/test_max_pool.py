"""RoI max pooling by maxima of windows: torchvision's answers to the bit."""

import pytest
import torch
from torchvision.ops import roi_pool

from saccade.ops.regions import max_pool
from saccade.ops.regions.max_pool import _tables, max_by_rows


def _theirs(maps, regions, owners, size, stride):
    return roi_pool(maps, torch.cat([owners[:, None].to(regions), regions], 1), size, 1 / stride)


@pytest.mark.parametrize("stride", [16, 12.5])
@pytest.mark.parametrize("size", [1, 6, 7])
@pytest.mark.parametrize("whole", [False, True])
def test_it_equals_torchvision_s_to_the_bit(size, stride, whole):
    """Regions beyond the borders, without an area, turned about; of whole pixels, whose corners lie between two."""
    draw = torch.Generator().manual_seed(size)
    corners = torch.rand(150, 2, generator=draw) * torch.tensor([420.0, 340.0]) - 60
    regions = torch.cat([corners, corners + torch.rand(150, 2, generator=draw).square() * 500 - 10], 1)
    regions = (regions / 8).round() * 8 if whole else regions
    owners = torch.randint(0, 2, (150,), generator=draw)
    maps = torch.randn(2, 5, 17, 23, generator=draw)
    assert torch.equal(max_by_rows(maps, regions, owners, size, stride), _theirs(maps, regions, owners, size, stride))


def test_bfloat16_is_as_exact():
    maps = torch.randn(1, 4, 9, 9, generator=torch.Generator().manual_seed(0)).bfloat16()
    box, owner = torch.tensor([[3.0, 5, 100, 130]]), torch.zeros(1, dtype=torch.int64)
    found = max_by_rows(maps, box, owner, 7, 16)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found.float(), _theirs(maps.float(), box, owner, 7, 16))


def test_tables_hold_few_channels_at_once_where_a_region_spans_a_fine_map(monkeypatch):
    """Whole, the tables of a map of stride 4 would hold thirty times its numbers: 2 GB of a picture of 600 × 1000."""
    held = []

    def tables(maps, down, across):
        held.append(_tables(maps, down, across))
        return held[-1]

    monkeypatch.setattr(max_pool, "_tables", tables)
    monkeypatch.setattr(max_pool, "ENTRIES", 30_000)
    maps = torch.randn(2, 10, 15, 25, generator=torch.Generator().manual_seed(1))
    boxes = torch.tensor([[0.0, 0, 100, 60], [9, 3, 40, 44]])
    found = max_by_rows(maps, boxes, torch.tensor([1, 0]), 2, 4)
    assert torch.equal(found, _theirs(maps, boxes, torch.tensor([1, 0]), 2, 4))
    assert len(held) > 1
    assert max(part.numel() for part in held) <= 30_000


def test_no_regions_and_one_position():
    none = max_by_rows(torch.rand(1, 3, 8, 8), torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), 7, 16)
    assert none.shape == (0, 3, 7, 7)
    one, box, owner = torch.full((1, 2, 1, 1), -3.0), torch.tensor([[0.0, 0, 15, 15]]), torch.tensor([0])
    assert torch.equal(max_by_rows(one, box, owner, 2, 16), _theirs(one, box, owner, 2, 16))
