"""Crests of broad lines."""

import numpy as np
import pytest

from saccade.ops.crests import crests


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.1, 2.5])
def test_of_a_broad_line_its_middle_stays(angle: float) -> None:
    y, x = np.mgrid[:40, :50] + 0.5
    across = (x - 25) * np.sin(angle) - (y - 20.3) * np.cos(angle)
    strength = np.exp(-(across**2) / 18).astype(np.float32)
    found = crests(strength)
    inside = (slice(4, -4), slice(4, -4))
    kept = found[inside] > 0
    assert (np.abs(across[inside][kept]) <= 0.8).all()
    # Each row or column that the line crosses keeps a pixel of it, or two.
    crossed = kept.any(1) if abs(np.sin(angle)) > abs(np.cos(angle)) else kept.any(0)
    assert crossed.mean() > 0.7
    assert kept.sum() <= 2 * crossed.sum()
    assert np.array_equal(found[found > 0], strength[found > 0])


def test_a_line_of_one_pixel_stays_up_to_the_border() -> None:
    drawn = np.zeros((20, 30), np.float32)
    drawn[7], drawn[:, 12] = 1, 1
    assert np.array_equal(crests(drawn), drawn)
    assert not crests(np.zeros((20, 30), np.float32)).any()


def test_pictures_of_a_pixel_have_no_direction() -> None:
    assert crests(np.full((1, 5), 0.5)).tolist() == [[0.5] * 5]
