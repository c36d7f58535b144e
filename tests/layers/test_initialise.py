"""How weights begin."""

import torch
from torch import nn

from saccade.layers.initialise import fit_channels, kaiming, normal_linear, uniform_by_fan_in


def test_grey_filters_answer_as_the_colour_ones_do_on_a_grey_picture() -> None:
    weight, grey = torch.randn(4, 3, 5, 5), torch.rand(1, 1, 9, 9)
    colour = nn.functional.conv2d(grey.expand(1, 3, 9, 9), weight)
    torch.testing.assert_close(nn.functional.conv2d(grey, fit_channels(weight, 1)), colour)


def test_many_channels_keep_the_scale_of_the_answer() -> None:
    weight, flat = torch.randn(4, 3, 5, 5), torch.full((1, 6, 9, 9), 0.7)
    colour = nn.functional.conv2d(flat[:, :3], weight)
    torch.testing.assert_close(nn.functional.conv2d(flat, fit_channels(weight, 6)), colour)
    assert fit_channels(weight, 4).shape == (4, 4, 5, 5)
    assert fit_channels(weight, 3) is weight


def test_distributions() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(64, 128, 3), nn.Linear(300, 200))
    kaiming(network)
    normal_linear(network)
    assert abs(float(network[0].weight.detach().std()) - (2 / (128 * 9)) ** 0.5) < 1e-3
    assert abs(float(network[1].weight.detach().std()) - 0.01) < 1e-3
    assert not network[0].bias.any()
    assert not network[1].bias.any()
    uniform_by_fan_in(network)
    assert 0.9 < float(network[1].weight.detach().abs().max()) * 300 / 2.4 <= 1
    assert 0.9 < float(network[0].bias.detach().abs().max()) * 64 * 9 / 2.4 <= 1
