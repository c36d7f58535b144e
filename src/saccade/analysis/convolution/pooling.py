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
    panels, told = [], list[str]()
    for name, pool in _pools().items():
        made = cells(values, pool)
        lit = _first_window(values)
        above = grid_picture(Grid(made, "output", lit=_first_window(made, 1)))
        panels.append(frame(above, grid_picture(Grid(values, "input", lit=lit)), name))
        told.append(f"{name}: {' '.join(f'{value:g}' for value in _values_of(values, lit))} → {made[0, 0]:.4g}")
    lines = [
        f"windows of {_WINDOW} × {_WINDOW}, stride {_WINDOW}: {times(values.shape)} → {times(made.shape)}; nothing is",
        "learnt but by LeNet's, which has a weight and a bias a map, here a quarter and one.",
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


def _values_of(values: Tensor, lit: Tensor) -> list[float]:
    return values[lit].tolist()


def _first_window(values: Tensor, side: int = _WINDOW) -> Tensor:
    mask = torch.zeros_like(values, dtype=torch.bool)
    mask[:side, :side] = True
    return mask
