"""How weights begin."""

import pytest
import torch
from torch import nn

from saccade.layers.initialise import fit_channels, kaiming, normal, normal_linear, uniform_by_fan_in
from saccade.trunks import trunk


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


def test_a_narrow_network_s_weights_are_drawn_wider_but_for_those_that_read_pictures() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 64, 11), nn.Conv2d(64, 64, 5), nn.Linear(300, 200))
    for width, wanted in ((1.0, (0.01, 0.01, 0.01)), (0.25, (0.01, 0.02, 0.02)), (4.0, (0.01, 0.005, 0.005))):
        normal(network, width=width, reads_pictures=True)
        for layer, deviation in zip(network, wanted, strict=True):
            assert float(layer.weight.detach().std()) == pytest.approx(deviation, rel=0.03)
    normal_linear(network, width=0.25)
    assert float(network[2].weight.detach().std()) == pytest.approx(0.02, rel=0.03)


@pytest.mark.parametrize("name", ["alexnet", "caffenet", "zfnet", "overfeat"])
def test_answers_of_a_narrow_network_of_the_time_vary_as_those_of_a_wider_one(name: str) -> None:
    pictures, spread = torch.randn(4, 3, 96, 96, generator=torch.Generator().manual_seed(0)), []
    for width in (1 / 16, 1 / 4):
        torch.manual_seed(0)
        maps = trunk(name, width=width, fc=False).eval()(pictures)
        spread.append(float(list(maps.values())[-1].detach().std(0).mean()))
    assert 0.4 < spread[0] / spread[1] < 2.5


def test_sigmoids_lose_the_gradient_that_rectifiers_hand_down() -> None:
    """VGG-16's convolutions: by how much less the first filters are told to move than the last ones."""
    shares: dict[type[nn.Module], float] = {}
    for function in (nn.ReLU, nn.Sigmoid):
        torch.manual_seed(0)
        made = trunk("vgg16", width=1 / 8, fc=False)
        kaiming(made)
        for stage in made.children():
            for name, layer in list(stage.named_children()):
                if isinstance(layer, nn.ReLU):
                    setattr(stage, name, function())
        made(torch.randn(1, 3, 64, 64))["pool5"].sum().backward()
        first, *_, last = (layer.weight.grad.norm() for layer in made.modules() if isinstance(layer, nn.Conv2d))
        shares[function] = float(first / last)
    assert shares[nn.ReLU] > 0.01
    assert shares[nn.Sigmoid] < shares[nn.ReLU] / 1e6
