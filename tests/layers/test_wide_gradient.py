"""Gradients of convolutions over wide maps by another kernel: the values are those of plain convolutions."""

import pytest
import torch
from torch import nn

from saccade.layers.blocks.packed_convolution import packable
from saccade.layers.blocks.wide_gradient import CHANNELS, WIDE, WideGradient, with_wide_gradients


@pytest.fixture
def avx2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")


@pytest.mark.usefixtures("avx2")
@pytest.mark.parametrize("side", [8, 70])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_gradients_are_those_of_a_plain_convolution(side: int, stride: int, bias: bool) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(CHANNELS, 4, 3, stride, 1, bias=bias)
    other = nn.Conv2d(CHANNELS, 4, 3, stride, 1, bias=bias)
    other.load_state_dict(plain.state_dict())
    with_wide_gradients(other)
    assert type(other) is WideGradient
    assert (side * side >= WIDE) == (side == 70)
    pictures = torch.randn(2, CHANNELS, side, side).to(memory_format=torch.channels_last)
    slopes = []
    for layer in (plain, other):
        maps = pictures.clone().requires_grad_()
        found = layer(maps)
        found.square().mean().backward()
        slopes.append([found, maps.grad, *(parameter.grad for parameter in layer.parameters())])
    for one, two in zip(*slopes, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)


@pytest.mark.usefixtures("avx2")
def test_only_layers_that_gain_are_changed() -> None:
    layers = nn.Sequential(
        nn.Conv2d(CHANNELS, 4, 1),
        nn.Conv2d(CHANNELS, CHANNELS, 3, groups=2),
        nn.Conv2d(CHANNELS, 4, 3, padding="same"),
        nn.Conv2d(CHANNELS, 4, 3, padding=2, dilation=2),
        nn.Conv2d(CHANNELS - 1, 4, 3),
    )
    with_wide_gradients(layers)
    assert all(type(layer) is nn.Conv2d for layer in layers)


@pytest.mark.usefixtures("avx2")
def test_frozen_layers_and_frozen_maps() -> None:
    """A layer that stands still passes gradients on; one that reads pictures need not know theirs."""
    layers = nn.Sequential(nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.Conv2d(CHANNELS, 4, 3, padding=1))
    with_wide_gradients(layers)
    layers[1].requires_grad_(False)
    layers(torch.randn(1, CHANNELS, 70, 70)).sum().backward()
    assert layers[0].weight.grad is not None
    assert layers[1].weight.grad is None


@pytest.mark.usefixtures("avx2")
def test_it_is_packed_for_use_as_a_plain_one_is() -> None:
    layer = nn.Conv2d(CHANNELS, 4, 3)
    before = packable(layer)
    with_wide_gradients(layer)
    assert packable(layer) == before


def test_processors_with_avx512_keep_plain_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    layer = nn.Conv2d(CHANNELS, 4, 3)
    with_wide_gradients(layer)
    assert type(layer) is nn.Conv2d
