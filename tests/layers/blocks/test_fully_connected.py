"""Fully connected ends."""

import torch
from torch import nn

from saccade.core.level import Level
from saccade.layers.blocks.fully_connected import fully_connected


def test_a_map_is_averaged_to_a_grid_and_flattened() -> None:
    body = fully_connected(Level(3, 8), (), 5, grid=2)
    maps = torch.randn(2, 3, 4, 4)
    expected = body[-1](nn.functional.avg_pool2d(maps, 2).flatten(1))
    torch.testing.assert_close(body(maps), expected)


def test_one_position_is_taken_as_it_is() -> None:
    body = fully_connected(Level(6, None), (4,), 5, grid=7, dropout=0.25)
    assert [type(layer).__name__ for layer in body] == ["Flatten", "Linear", "ReLU", "Dropout", "Linear"]
    assert body(torch.randn(2, 6, 1, 1)).shape == (2, 5)
    assert body[3].p == 0.25
