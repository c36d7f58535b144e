"""The pyramid: its maps, its counts, and what it hides."""

import pytest
import torch
from torch import Tensor

from saccade.core.level import Level
from saccade.necks.pyramid import Pyramid

TINY = {"c3": Level(6, 8), "c4": Level(10, 16), "c5": Level(14, 32)}


@pytest.mark.parametrize(
    ("coarse", "names"),
    [
        ("none", ["p3", "p4", "p5"]),
        ("pool", ["p3", "p4", "p5", "p6"]),
        ("convs_of_c5", ["p3", "p4", "p5", "p6", "p7"]),
        ("convs_of_p5", ["p3", "p4", "p5", "p6", "p7"]),
    ],
)
def test_it_makes_the_maps_that_it_declares(coarse, names):
    neck = Pyramid(TINY, tuple(TINY), 4, coarse)
    maps = neck(
        {name: torch.rand(2, level.channels, 128 // level.stride, 128 // level.stride) for name, level in TINY.items()}
    )
    assert list(maps) == list(neck.levels) == names
    for name, level in neck.levels.items():
        assert maps[name].shape == (2, level.channels, 128 // level.stride, 128 // level.stride)


@pytest.mark.parametrize("side", [1, 2])
def test_gradients_of_maps_of_one_column_are_those_of_single_precision(side: int) -> None:
    torch.manual_seed(0)
    neck = Pyramid({"c5": Level(16, 32)}, ["c5"], 16, "convs_of_c5")
    maps = {"c5": torch.randn(2, 16, side, side)}

    def gradients(low: bool) -> list[Tensor]:
        neck.zero_grad()
        spoilt = [torch.full((16 * 16 * 9,), torch.nan).bfloat16() for _ in range(8)]
        del spoilt  # what memory held before must not be seen
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            sum(map.float().square().sum() for map in neck(maps).values()).backward()
        return [weight.grad.clone() for weight in neck.parameters()]

    for low, whole in zip(gradients(low=True), gradients(low=False), strict=True):
        torch.testing.assert_close(low, whole, rtol=0.1, atol=0.05 * float(whole.abs().max()))
