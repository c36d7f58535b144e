"""RoI align by sums of rows, against torchvision's operator: values, gradients, borders."""

import pytest
import torch
from torchvision.ops import roi_align

from saccade.ops.regions.align import align_by_rows


def _regions(number, seed=0):
    """Regions of all sizes, some beyond the borders of a map of 20 x 28 at stride 8, some without an area."""
    draw = torch.Generator().manual_seed(seed)
    corners = torch.rand(number, 2, generator=draw) * torch.tensor([320.0, 260.0]) - 50
    sides = torch.rand(number, 2, generator=draw).square() * 250
    sides[::7] = 0
    return torch.cat([corners, corners + sides], 1), torch.randint(0, 2, (number,), generator=draw)


def _theirs(maps, regions, owners, size):
    return roi_align(maps, torch.cat([owners[:, None].to(regions), regions], 1), size, 1 / 8, sampling_ratio=2)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [1, 7])
def test_values_and_gradients_equal_torchvision_s(layout, size):
    draw = torch.Generator().manual_seed(1)
    values = torch.randn(2, 5, 20, 28, generator=draw).contiguous(memory_format=layout)
    regions, owners = _regions(80)
    ours, theirs = values.clone().requires_grad_(), values.clone().requires_grad_()
    found, wanted = align_by_rows(ours, regions, owners, size, 8), _theirs(theirs, regions, owners, size)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    cost = torch.randn(found.shape, generator=draw)
    (found * cost).sum().backward()
    (wanted * cost).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-3)


def test_the_gradient_is_the_same_to_the_bit_each_time():
    regions, owners = _regions(200)
    maps = torch.randn(2, 32, 20, 28, generator=torch.Generator().manual_seed(2)).requires_grad_()
    found = [torch.autograd.grad(align_by_rows(maps, regions, owners, 7, 8).square().sum(), maps)[0] for _ in range(3)]
    assert all(torch.equal(again, found[0]) for again in found)


def test_bfloat16_is_near_the_sums_of_float32():
    maps = torch.randn(2, 16, 20, 28, generator=torch.Generator().manual_seed(3))
    regions, owners = _regions(60)
    found = align_by_rows(maps.bfloat16(), regions, owners, 7, 8)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), _theirs(maps.bfloat16().float(), regions, owners, 7), rtol=0, atol=0.03)


def test_a_map_of_one_position_and_no_regions():
    one = torch.full((1, 3, 1, 1), 2.0)
    box = torch.tensor([[0.0, 0, 8, 8]])
    assert torch.equal(align_by_rows(one, box, torch.zeros(1, dtype=torch.int64), 2, 8), torch.full((1, 3, 2, 2), 2.0))
    none = align_by_rows(one, box[:0], torch.zeros(0, dtype=torch.int64), 7, 8)
    assert none.shape == (0, 3, 7, 7)
