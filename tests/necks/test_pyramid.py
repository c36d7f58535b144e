"""The pyramid: its maps, its counts, and what it hides."""

import pytest
import torch

from saccade.core.level import Level
from saccade.necks.pyramid import Pyramid

RESNET = {"layer2": Level(512, 8), "layer3": Level(1024, 16), "layer4": Level(2048, 32)}
TINY = {"c3": Level(6, 8), "c4": Level(10, 16), "c5": Level(14, 32)}


def test_retinanet_s_pyramid_on_resnet_50_has_the_published_parameters():
    with torch.device("meta"):
        neck = Pyramid(RESNET, tuple(RESNET), 256, "convs_of_c5")
    assert sum(p.numel() for p in neck.parameters()) == 7_997_440


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
