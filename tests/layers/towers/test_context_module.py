"""The context module: how it begins, how far it sees, whichever way it pads."""

import pytest
import torch
from torch import nn

from saccade.layers.towers.context_module import ContextModule, pass_through


def widened(module: ContextModule) -> ContextModule:
    """The module with kernels that let every tap through."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 0.01)
    return module


@pytest.mark.parametrize(("layers", "field"), [(7, 35), (8, 67), (10, 259)])
def test_a_position_sees_as_far_as_the_paper_says(layers: int, field: int) -> None:
    module = widened(ContextModule(1, "basic", layers)).double()
    scores = torch.ones(1, 1, 1, 401, dtype=torch.float64, requires_grad=True)
    module(scores)[0, 0, 0, 200].backward()
    assert int((scores.grad != 0).sum()) == field


def test_the_basic_module_begins_as_the_identity_of_what_is_above_0() -> None:
    scores = torch.randn(2, 5, 9, 7)
    torch.testing.assert_close(ContextModule(5)(scores), scores.relu())
    torch.testing.assert_close(ContextModule(5, around="once")(scores), scores.relu())


def test_without_noise_the_large_module_does_too() -> None:
    module = ContextModule(3, "large")
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            pass_through(layer, 3, 0.0)
    scores = torch.randn(2, 3, 9, 7)
    torch.testing.assert_close(module(scores), scores.relu())


def test_groups_of_channels_hand_on_equal_shares() -> None:
    conv = nn.Conv2d(2, 4, 3)
    pass_through(conv, 2, 0.0)
    middle = conv.weight[:, :, 1, 1]
    assert middle.tolist() == [[0.5, 0], [0.5, 0], [0, 0.5], [0, 0.5]]
    assert conv.weight.sum() == middle.sum()
    noisy = nn.Conv2d(42, 84, 3)
    pass_through(noisy, 21, 0.01)
    others = noisy.weight[:, :, 0, 0]
    assert others.std().item() == pytest.approx(0.01, rel=0.1)


def test_zeros_around_all_and_around_each_layer_differ_at_the_border_alone() -> None:
    torch.manual_seed(1)
    each, once = widened(ContextModule(2, layers=7)), widened(ContextModule(2, layers=7, around="once"))
    for module in (each, once):
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.constant_(layer.bias, 0.1)
    scores = torch.rand(1, 2, 60, 60)
    said, told = each(scores), once(scores)
    assert said.shape == told.shape
    torch.testing.assert_close(said[..., 17:-17, 17:-17], told[..., 17:-17, 17:-17])
    assert not torch.allclose(said[..., :3, :3], told[..., :3, :3])
