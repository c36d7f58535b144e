"""Copies of other sizes."""

import pytest
import torch
import torchvision.models as tv
from torch import nn

from saccade.layers.scale import materialise, rescale, rescale_by_running, scaled


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(65, 1.0, 65), (64, 0.5, 32), (64, 1 / 64, 4), (6, 0.5, 4), (96, 0.15, 14), (64, 2, 128)],
)
def test_scaled_channels_are_even_and_never_too_few(channels: int, width: float, expected: int) -> None:
    assert scaled(channels, width) == expected


def test_width_one_keeps_every_shape() -> None:
    with torch.device("meta"):
        usual, copy = tv.vgg11(), rescale(tv.vgg11(), 1.0, 3)
    assert {k: v.shape for k, v in usual.state_dict().items()} == {k: v.shape for k, v in copy.state_dict().items()}


@pytest.mark.parametrize(
    "name", ["alexnet", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "mobilenet_v3_small"]
)
def test_a_narrow_copy_runs_on_other_channels(name: str) -> None:
    with torch.device("meta"):
        module = rescale(tv.get_model(name, weights=None), 0.125, 5)
    for parameter in materialise(module).parameters():
        nn.init.normal_(parameter, std=0.01)
    assert module.eval()(torch.zeros(2, 5, 96, 96)).shape == (2, scaled(1000, 0.125))


def test_a_linear_layer_after_a_map_keeps_its_positions() -> None:
    with torch.device("meta"):
        network = nn.Sequential(nn.Conv2d(3, 16, 1), nn.Flatten(1), nn.Linear(16 * 9, 20), nn.Linear(20, 7, bias=False))
    rescale(network, 0.5, 1)
    assert (network[0].in_channels, network[0].out_channels) == (1, 8)
    assert (network[2].in_features, network[2].out_features) == (8 * 9, 10)
    assert network[3].weight.shape == (4, 10)
    assert network[3].bias is None


def test_groups_stay_valid() -> None:
    with torch.device("meta"):
        network = nn.Sequential(nn.Conv2d(3, 30, 1), nn.Conv2d(30, 30, 3, groups=30), nn.Conv2d(30, 60, 3, groups=10))
    rescale(network, 0.5, 3)
    assert [layer.groups for layer in network] == [1, 16, 2]


def test_what_is_replaced_takes_no_memory_until_it_is_asked_for() -> None:
    with torch.device("meta"):
        network = rescale(nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8)), 2.0, 3)
    assert all(p.is_meta for p in network.parameters())
    materialise(network)
    assert not any(p.is_meta for p in network.parameters())
    torch.testing.assert_close(network[1].running_var, torch.ones(16))
    torch.testing.assert_close(network[1].weight.detach(), torch.ones(16))
    assert network[1].num_batches_tracked == 0


@pytest.mark.parametrize(("name", "side"), [("googlenet", 64), ("inception_v3", 96), ("densenet121", 64)])
def test_a_narrow_copy_whose_branches_are_joined_runs_on_other_channels(name: str, side: int) -> None:
    extra = {} if name == "densenet121" else {"init_weights": False, "aux_logits": False}
    with torch.device("meta"):
        module = rescale_by_running(tv.get_model(name, weights=None, **extra), 0.07, 5, side)
    for parameter in materialise(module).parameters():
        nn.init.normal_(parameter, std=0.01)
    assert module.eval()(torch.zeros(2, 5, side, side)).shape == (2, scaled(1000, 0.07))
    assert not any(module._forward_pre_hooks for module in module.modules())


def test_sizing_by_running_keeps_every_shape_at_width_one() -> None:
    with torch.device("meta"):
        usual = tv.googlenet(init_weights=False, aux_logits=False)
        copy = rescale_by_running(tv.googlenet(init_weights=False, aux_logits=False), 1.0, 3, 64)
    assert {k: v.shape for k, v in usual.state_dict().items()} == {k: v.shape for k, v in copy.state_dict().items()}
    assert [m.kernel_size for m in usual.modules() if isinstance(m, nn.Conv2d)] == [
        m.kernel_size for m in copy.modules() if isinstance(m, nn.Conv2d)
    ]
