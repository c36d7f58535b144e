"""Colour changes: each does its one thing, by torchvision's numbers where torchvision has it."""

import pytest
import torch
from torchvision.transforms.v2 import functional as vision

from saccade.core.augmentation import Augmentation
from saccade.data.augment.colour import blur, change_colour, lighting
from saccade.data.augment.rng import RandomDraws, generator_for

MEAN = (0.5, 0.25, 0.75)


def picture(channels: int = 3) -> torch.Tensor:
    return torch.randint(0, 256, (channels, 20, 24), generator=torch.Generator().manual_seed(0)).byte()


def changed(image: torch.Tensor, index: int = 0, **ranges: float) -> torch.Tensor:
    return change_colour(image, Augmentation(**ranges), RandomDraws(generator_for(0, 0, index)), MEAN[: len(image)])


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("brightness", lambda image, draw: vision.adjust_brightness(image, 1 + draw)),
        ("contrast", lambda image, draw: vision.adjust_contrast(image, 1 + draw)),
        ("saturation", lambda image, draw: vision.adjust_saturation(image, 1 + draw)),
        ("hue", vision.adjust_hue),
    ],
)
def test_the_kernels_are_torchvision_s_and_the_numbers_ours(name: str, kernel):
    draw = RandomDraws(generator_for(0, 0, 0)).spread(0.4)
    assert torch.equal(changed(picture(), **{name: 0.4}), kernel(picture(), draw))
    assert not torch.equal(changed(picture(), **{name: 0.4}), changed(picture(), 1, **{name: 0.4}))


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels_than_three(channels: int):
    image = picture(channels)
    for name in ("saturation", "hue", "lighting"):
        assert torch.equal(changed(image, **{name: 0.4}), image)
    factor = 1 + RandomDraws(generator_for(0, 0, 0)).spread(0.4)
    expected = (image.float() * factor).clamp(0, 255)
    assert (changed(image, brightness=0.4).float() - expected).abs().max() <= 1
    assert changed(image, contrast=0.4, blur=1.0).shape == image.shape


@pytest.mark.parametrize("count", [1, 3, 4])
def test_each_channel_is_multiplied_by_a_number_of_its_own_and_cut_to_the_scale(count: int):
    """The stacked hourglass's colours: times .6 to 1.4, then to 0..1."""
    image, draws = picture(count) / 255, RandomDraws(generator_for(0, 0, 0))
    factors = torch.tensor([1 + draws.spread(0.4) for _ in range(count)])
    torch.testing.assert_close(changed(image, channels=0.4), (image * factors.view(-1, 1, 1)).clamp(0, 1))
    assert len(factors.unique()) == count
    exact = picture(count) * factors.view(-1, 1, 1)
    assert (changed(picture(count), channels=0.4).float() - exact.clamp(0, 255)).abs().max() <= 0.5 + 1e-3


def test_lighting_moves_all_pixels_along_a_principal_colour():
    grey = torch.full((3, 2, 2), 0.5)
    moved = lighting(grey, torch.tensor([0.1, 0, 0]))
    assert torch.allclose(moved[:, 0, 0] - 0.5, 0.1 * 0.2175 * torch.tensor([-0.5675, -0.5808, -0.5836]))
    assert torch.equal(lighting((grey * 255).byte(), torch.zeros(3)), (grey * 255).byte())
    assert lighting(grey, torch.tensor([50.0, 0, 0])).min() == 0


def test_blur_spreads_one_pixel_and_keeps_its_light():
    dot = torch.zeros(1, 21, 21)
    dot[0, 10, 10] = 1
    soft = blur(dot, 2.0)
    assert soft.sum() == pytest.approx(1, abs=1e-4)
    assert soft.max() < 0.05
    assert torch.equal(blur(dot, 0.05), dot)
    assert torch.equal(blur(dot[:, :1, :1], 2.0), dot[:, :1, :1])


def test_erasing_paints_one_rectangle_with_the_mean():
    image = picture()
    image[0] = 0
    painted = changed(image, erase=1.0)
    hole = painted[0] == 127
    ys, xs = hole.nonzero().unbind(1)
    assert hole[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].all()
    assert 0.01 < hole.float().mean() < 0.4
    assert painted[:, hole].unique(dim=1).flatten().tolist() == [127, 63, 191]
    assert torch.equal(painted[:, ~hole], image[:, ~hole])


def test_floats_stay_between_0_and_1():
    image = picture() / 255
    ranges = {
        "brightness": 0.9,
        "contrast": 0.9,
        "saturation": 0.9,
        "hue": 0.5,
        "lighting": 1.0,
        "blur": 1.0,
        "erase": 1.0,
    }
    for index in range(5):
        moved = changed(image, index, **ranges)
        assert 0 <= moved.min() <= moved.max() <= 1
        assert torch.equal(moved, changed(image, index, **ranges))


def test_nothing_asked_nothing_done():
    image = picture()
    assert changed(image) is image


def test_each_change_of_colour_is_made_as_often_as_asked():
    never = [changed(picture(), i, brightness=0.4, hue=0.2, saturation=0.4, contrast=0.4, colour=0.0) for i in range(5)]
    assert all(torch.equal(one, picture()) for one in never)
    often = [torch.equal(changed(picture(), i, brightness=0.4, colour=0.25), picture()) for i in range(200)]
    assert 130 <= sum(often) <= 170
