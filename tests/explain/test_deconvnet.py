"""The way back against the transposed linear map, torch's own unpooling, and the unit's receptive field."""

import pytest
import torch
import torch.nn.functional as F
from small_nets import linear_head_net, one_picture
from torch import nn

from saccade.core.errors import ConfigError, UsageError
from saccade.explain.deconvnet import Deconvnet, Unit, why_not
from saccade.systems.build import build
from saccade.trunks import trunk
from saccade.trunks.chain import Chain, named


def dense(network: nn.Module, shape: tuple[int, ...]) -> torch.Tensor:
    """(outputs, inputs) matrix of an affine network, by feeding one unit after the other."""
    count = torch.Size(shape).numel()
    with torch.no_grad():
        start = network(torch.zeros(1, *shape))
        return (network(torch.eye(count).view(count, *shape)) - start).flatten(1).T


def test_without_pooling_and_rectifiers_it_is_the_transposed_linear_map():
    torch.manual_seed(0)
    a, b = nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2), nn.Conv2d(4, 3, 2, dilation=2)
    way = Deconvnet(Chain({"a": a, "b": b}).eval(), torch.randn(1, 2, 9, 9), "b")
    (unit,) = way.strongest(1)
    signal = torch.zeros_like(way.values)
    signal[0, unit.channel, unit.row, unit.column] = unit.value
    expected = dense(nn.Sequential(a, b), (2, 9, 9)).T @ signal.flatten()
    assert torch.allclose(way.project(unit).flatten(), expected, atol=1e-5)
    assert bool(expected.any())


def test_pooling_is_undone_by_its_switches_and_rectifiers_rectify():
    torch.manual_seed(1)
    conv, deep = nn.Conv2d(3, 5, 3, padding=1), nn.Conv2d(5, 4, 3)
    stages = {"a": named(conv=conv, relu=nn.ReLU(inplace=True)), "pool": nn.MaxPool2d(2), "b": named(deep=deep)}
    image = torch.randn(1, 3, 12, 12)
    way = Deconvnet(Chain(stages).eval(), image, "b")
    unit = way.strongest(2)[1]
    signal = torch.zeros_like(way.values)
    signal[0, unit.channel, unit.row, unit.column] = unit.value
    with torch.no_grad():
        pooled, switches = F.max_pool2d(conv(image).relu(), 2, return_indices=True)
        back = F.max_unpool2d(F.conv_transpose2d(signal, deep.weight), switches, 2, output_size=(12, 12))
        expected = F.conv_transpose2d(back.relu(), conv.weight, padding=1)
    assert pooled.shape[1:] == (5, 6, 6)
    assert torch.allclose(way.project(unit), expected[0], atol=1e-5)


def test_overlapping_pools_add_up_where_they_share_a_switch():
    image = torch.zeros(1, 1, 5, 5)
    image[0, 0, 2, 2] = 3.0
    stages = {"pool": nn.MaxPool2d(3, 2), "sum": nn.Conv2d(1, 1, 2, bias=False)}
    nn.init.ones_(stages["sum"].weight)
    way = Deconvnet(Chain(stages).eval(), image, "sum")
    assert way.strongest(1) == [Unit(0, 0, 0, 12.0)]
    expected = torch.zeros(1, 5, 5)
    expected[0, 2, 2] = 48.0
    assert torch.equal(way.project(Unit(0, 0, 0, 12.0)), expected)


def test_one_convolution_puts_all_energy_into_the_receptive_field():
    torch.manual_seed(0)
    system = linear_head_net()
    way = Deconvnet(system.trunk, one_picture(system).images, "first")
    for unit in way.strongest(4):
        found = way.project(unit)
        outside = torch.ones(12, 12, dtype=torch.bool)
        outside[max(unit.row - 1, 0) : unit.row + 2, max(unit.column - 1, 0) : unit.column + 2] = False
        assert bool(found.any())
        assert not bool(found[:, outside].any())


def test_units_are_the_strongest_position_of_each_channel():
    system = linear_head_net()
    way = Deconvnet(system.trunk, one_picture(system).images, "pool")
    units = way.strongest(3)
    peaks = way.values[0].amax((1, 2))
    assert [unit.value for unit in units] == sorted(peaks.tolist(), reverse=True)[:3]
    assert all(float(way.values[0, u.channel, u.row, u.column]) == u.value for u in units)
    assert len(way.strongest(99)) == 4


@pytest.mark.parametrize(("name", "layer"), [("alexnet", "pool5"), ("vgg11", "fc6"), ("zfnet", "conv5")])
def test_the_classic_trunks_are_led_back_through_to_pictures(name, layer):
    torch.manual_seed(0)
    system = build(name, 2, width=1 / 16, size=96).eval()
    way = Deconvnet(system.trunk, torch.rand(1, 3, 96, 96), layer)
    found = way.project(way.strongest(1)[0])
    assert found.shape == (3, 96, 96)
    assert bool(found.isfinite().all())
    assert bool(found.any())


@pytest.mark.parametrize("variant", ["paper", "modern"])
def test_lenet_is_led_back_through(variant):
    way = Deconvnet(trunk("lenet5", variant=variant).eval(), torch.rand(1, 1, 32, 32), "c3")
    found = way.project(way.strongest(1)[0])
    assert found.shape == (1, 32, 32)
    # C3 sees 5 x 5 of S2, which sees 2 x 2 of C1, which sees 5 x 5: 14 + 2 pixels a side.
    rows = found[0].abs().sum(1).nonzero()
    assert 0 < int(rows.max() - rows.min()) < 16


def test_sixteen_bits_are_led_back_too():
    system = linear_head_net().to(torch.bfloat16)
    way = Deconvnet(system.trunk, one_picture(system).images.bfloat16(), "deep")
    assert bool(way.project(way.strongest(1)[0]).isfinite().all())


def test_trunks_that_branch_are_refused_with_the_reason():
    branching = trunk("resnet18", width=1 / 16)
    assert why_not(trunk("vgg11", width=1 / 16)) is None
    assert "layer1 holds a BasicBlock" in str(why_not(branching))
    with pytest.raises(UsageError, match="BasicBlock"):
        Deconvnet(branching, torch.rand(1, 3, 32, 32), "layer1")
    with pytest.raises(UsageError, match="first, pool, deep"):
        Deconvnet(linear_head_net().trunk, torch.rand(1, 3, 12, 12), "conv9")


def test_values_that_are_not_finite_are_refused_by_the_way_back():
    with pytest.raises(ConfigError, match="finite"):
        Deconvnet(linear_head_net().trunk, torch.full((1, 3, 12, 12), float("nan")), "deep")
