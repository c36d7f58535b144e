"""A sheet of the four ways to pool: the greatest, the mean, the length, and LeNet's sum with weights of its own."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from saccade.analysis.convolution.terms import cells
from saccade.analysis.convolution.worked import Sheet, example, times
from saccade.layers.blocks.lenet import Subsample
from saccade.view.drawing.grids import Grid, frame, frame_sheet, grid_picture

_SIDE, _WINDOW = 4, 2


def pooling_sheets() -> list[Sheet]:
    """One map, pooled by windows of 2 × 2 in four ways."""
    title, values = "Four ways to pool a window", example(_SIDE)
    lit = _first_window(values)
    first = " ".join(f"{value:g}" for value in values[lit].tolist())
    made = {name: cells(values, pool) for name, pool in _pools().items()}
    below = grid_picture(Grid(values, "input", lit=lit))
    panels = [
        frame(grid_picture(Grid(one, "output", lit=_first_window(one, 1))), below, name) for name, one in made.items()
    ]
    told = [f"{name}: {first} → {one[0, 0]:.4g}" for name, one in made.items()]
    lines = [
        f"windows of {_WINDOW} × {_WINDOW}, stride {_WINDOW}: {times(values.shape)} → {times(made['maximum'].shape)};",
        "nothing is learnt but by LeNet's, which has a weight and a bias a map, here a quarter and one.",
    ]
    return [Sheet("pooling", title, told, frame_sheet(title, lines, panels, 4))]


def _pools() -> dict[str, Callable[[Tensor], Tensor]]:
    return {
        "maximum": nn.MaxPool2d(_WINDOW),
        "average": nn.AvgPool2d(_WINDOW),
        "L2 norm": nn.LPPool2d(2, _WINDOW),
        "LeNet's subsampling": _subsample(),
    }


def _subsample() -> Subsample:
    layer = Subsample(1)
    with torch.no_grad():
        layer.weight.fill_(1 / _WINDOW**2)
        layer.bias.fill_(1)
    return layer


def _first_window(values: Tensor, side: int = _WINDOW) -> Tensor:
    mask = torch.zeros_like(values, dtype=torch.bool)
    mask[:side, :side] = True
    return mask
