"""Ranges that cannot be are refused when they are written down, not in the middle of an epoch."""

import pytest

from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError


def test_nothing_is_nothing():
    assert Augmentation().is_empty
    assert not Augmentation(flip=0.5).is_empty
    assert not Augmentation(mixup=0.2).is_empty


@pytest.mark.parametrize(
    "values",
    [
        {"flip": 1.5},
        {"erase": -0.1},
        {"crop_area": (0.9, 0.1)},
        {"crop_area": (0.0, 0.1)},
        {"scale": (-1.0, 1.0)},
        {"rotate": -5.0},
        {"mixup": 0.0},
        {"blur": -1.0},
    ],
)
def test_impossible_ranges_are_refused(values: dict):
    with pytest.raises(ConfigError, match=next(iter(values))):
        Augmentation(**values)
