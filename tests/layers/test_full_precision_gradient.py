"""Convolutions that bf16 serves badly: outputs as by autocast, gradients as exact as in fp32."""

import copy

import pytest
import torch
from torch import Tensor, nn

from saccade.layers.blocks.full_precision_gradient import FullPrecisionGradient, with_full_precision_gradients

CHANNELS = 6


def slopes(layer: nn.Conv2d, pictures: Tensor, *, low: bool) -> list[Tensor]:
    """What the layer says, and the gradients of its input and parameters."""
    layer.zero_grad(set_to_none=True)
    maps = pictures.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        found = layer(maps)
    (found.float() * torch.linspace(-1, 1, found.numel()).view_as(found)).sum().backward()
    grads = [maps.grad, *(parameter.grad for parameter in layer.parameters())]
    return [found, *(grad for grad in grads if grad is not None)]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_gradients_are_those_of_the_numbers_that_went_forwards(stride: int, bias: bool, multiplier: int) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(CHANNELS, CHANNELS * multiplier, 3, stride, 1, groups=CHANNELS, bias=bias)
    layer = copy.deepcopy(plain)
    with_full_precision_gradients(layer)
    assert type(layer) is FullPrecisionGradient
    pictures = torch.randn(2, CHANNELS, 12, 9).bfloat16().float()
    low, exact = slopes(layer, pictures, low=True), slopes(plain, pictures, low=False)
    autocast = slopes(plain, pictures, low=True)
    assert low[0].dtype is torch.bfloat16
    assert torch.equal(low[0], autocast[0])
    assert [one.dtype for one in low] == [one.dtype for one in autocast]
    for found, mixed, right in zip(low[1:], autocast[1:], exact[1:], strict=True):
        assert (found - right).abs().max() <= (mixed - right).abs().max() + 1e-6
        torch.testing.assert_close(found, right, rtol=1e-2, atol=2e-2)


def test_in_fp32_nothing_changes() -> None:
    plain = nn.Conv2d(CHANNELS, CHANNELS, 5, padding=2, groups=CHANNELS)
    layer, pictures = copy.deepcopy(plain), torch.randn(1, CHANNELS, 8, 8)
    with_full_precision_gradients(layer)
    for one, two in zip(slopes(layer, pictures, low=False), slopes(plain, pictures, low=False), strict=True):
        assert torch.equal(one, two)


def test_a_layer_that_stands_still_passes_gradients_on() -> None:
    layer = nn.Conv2d(CHANNELS, CHANNELS, 3, groups=CHANNELS).requires_grad_(False)
    with_full_precision_gradients(layer)
    found = slopes(layer, torch.randn(1, CHANNELS, 8, 8), low=True)
    assert len(found) == 2
    assert found[1].abs().sum() > 0


@pytest.mark.parametrize(
    ("channels", "groups"), [(21, 1), (24, 1), (33, 1), (40, 2), (264, 1)], ids=lambda value: str(value)
)
def test_dilated_layers_of_any_channels_learn_as_in_fp32(channels: int, groups: int) -> None:
    """On AVX512-BF16 the gradients that autocast leads to are off by .25 to .69, infinite or NaN."""
    torch.manual_seed(0)
    plain = nn.Conv2d(channels, 2 * groups, 3, padding=2, dilation=2, groups=groups)
    layer = copy.deepcopy(plain)
    with_full_precision_gradients(layer)
    assert type(layer) is FullPrecisionGradient
    shape = (2, channels, 24, 24)
    pictures = torch.randn(shape).bfloat16().float().to(memory_format=torch.channels_last)
    low = slopes(layer.to(memory_format=torch.channels_last), pictures, low=True)
    exact = slopes(plain, pictures, low=False)
    for found, right in zip(low, exact, strict=True):
        assert (found.float() - right).norm() <= 0.02 * right.norm()


def test_only_layers_that_bf16_serves_badly_are_changed() -> None:
    layers = nn.Sequential(
        nn.Conv2d(CHANNELS, CHANNELS, 3),
        nn.Conv2d(CHANNELS, CHANNELS, 3, groups=2),
        nn.Conv2d(1, 4, 3),
        nn.Conv2d(CHANNELS, CHANNELS, 3, padding="same", groups=CHANNELS),
        nn.Conv2d(32, CHANNELS, 3, dilation=2),
        nn.Conv2d(CHANNELS, CHANNELS, 1, dilation=2),
    )
    with_full_precision_gradients(layers)
    assert all(type(layer) is nn.Conv2d for layer in layers)
