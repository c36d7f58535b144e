"""Every system takes a mean and a deviation for each channel, and says how many it expects."""

import math

import pytest
import torch

from saccade.core.errors import ConfigError
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_offers_them(name: str) -> None:
    assert {"mean", "std"} <= set(options_of(SYSTEMS[name]))


def test_they_reach_the_input_and_the_origin() -> None:
    system = build("lenet5", 3, channels=2, mean=(0.25, 0.5), std=[0.5, 0.125])
    assert (system.input.mean, system.input.std) == ((0.25, 0.5), (0.5, 0.125))
    pixels = system.batch([torch.ones(2, 32, 32)]).images
    assert pixels[0, :, 3, 5].tolist() == [1.5, 4.0]
    again = build(system.origin["system"], system.origin["classes"], **system.origin["options"])
    assert again.input == system.input


def test_one_alone_leaves_the_other() -> None:
    plain, other = build("lenet5", 3), build("lenet5", 3, mean=0.125)
    assert other.input.mean == (0.125,)
    assert other.input.std == plain.input.std


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"mean": (0.5, 0.5)}, r"mean: expected 1 number.*found 0\.5, 0\.5"),
        ({"std": ()}, r"std: expected 1 number.*found none"),
        ({"channels": 4, "std": (0.5,) * 3}, r"std: expected 4 number"),
        ({"mean": (math.nan,)}, "found nan"),
        ({"std": (0.0,)}, "positive"),
    ],
)
def test_a_wrong_count_or_value_says_what_is_expected(options: dict, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        build("lenet5", 3, **options)
