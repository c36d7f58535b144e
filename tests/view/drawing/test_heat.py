"""Heat and tiles: values are told by colours that lead back to them, and nothing is shown where nothing was seen."""

import numpy as np
import pytest
import torch
from PIL import Image

from saccade.view.drawing.heat import (
    captioned,
    colours,
    fitted_tile,
    heat_over,
    heat_tile,
    share_of_greatest,
    signed_tile,
)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_signed_tile_leads_back_to_its_values(channels):
    values = torch.randn(channels, 5, 4, generator=torch.Generator().manual_seed(0))
    greatest = float(values.abs().max())
    tile = signed_tile(values, greatest, factor=3)
    assert tile.size == (12, 15)
    pixels = torch.from_numpy(np.array(tile)[1::3, 1::3].copy()).permute(2, 0, 1)[:channels].float()
    assert torch.allclose((pixels / 127.5 - 1) * greatest, values, atol=greatest / 127)


def test_a_tile_without_values_is_middle_grey():
    assert np.array(signed_tile(torch.zeros(3, 2, 2), 0.0)).tolist() == [[[128, 128, 128]] * 2] * 2


def test_shares_are_of_the_greatest_and_negative_is_cold():
    assert share_of_greatest(torch.tensor([-1.0, 0.0, 1.0, 4.0])).tolist() == [0.0, 0.0, 0.25, 1.0]
    assert share_of_greatest(torch.tensor([-1.0, -2.0])).tolist() == [0.0, 0.0]
    assert share_of_greatest(torch.zeros(0)).shape == (0,)


def test_heat_is_hottest_where_its_value_is_greatest_and_the_unseen_is_dark():
    picture = Image.new("RGB", (3, 2), (200, 200, 200))
    heat = torch.tensor([[0.0, 1.0, 4.0], [0.0, 0.0, 0.0]])
    seen = torch.tensor([[True, True, True], [True, True, False]])
    drawn = np.array(heat_over(picture, heat, seen)).astype(int)
    assert drawn[0, 0].tolist() == [160, 160, 160]
    hottest = 0.85 * 255 * colours(np.array([1.0]))[0] + 0.15 * 160
    assert np.abs(drawn[0, 2] - hottest).max() <= 1
    assert drawn[1, 2].tolist() == [70, 70, 70]
    assert drawn[0, 1].tolist() != drawn[0, 0].tolist()


def test_colours_keep_their_order_in_grey():
    luminance = colours(np.linspace(0, 1, 50)) @ np.array([0.299, 0.587, 0.114])
    assert bool((np.diff(luminance) > 0).all())


def test_tiles_reach_their_side_by_whole_pixels_or_by_averages():
    tile = heat_tile(torch.tensor([[0.0, 1.0]]), 40)
    assert tile.size == (40, 20)
    assert len(set(tile.get_flattened_data() if hasattr(tile, "get_flattened_data") else tile.getdata())) == 2
    assert fitted_tile(Image.new("RGB", (200, 100)), 50).size == (50, 25)


def test_a_caption_changes_the_corner_alone():
    picture = Image.new("RGB", (300, 200), "teal")
    drawn = np.array(captioned(picture, "bees 87%"))
    assert (drawn[:10, :40] != np.array(picture)[:10, :40]).any()
    assert (drawn[100:] == np.array(picture)[100:]).all()
    assert np.array_equal(np.array(captioned(picture, "")), np.array(picture))
