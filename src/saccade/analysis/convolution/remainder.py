"""Sheets of inputs whose size does not divide: what no window reads, what rounding up adds, and the way back."""

import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from saccade.analysis.convolution.terms import cells, factors, read_by, terms
from saccade.analysis.convolution.worked import Sheet, example, numbered, one_cell, settings_of, size_of, times
from saccade.view.drawing.grids import Grid, frame, frame_sheet, grid_picture


def remainder_sheets() -> list[Sheet]:
    """A convolution and a pool that leave a row and a column over, and the transposed convolution that misses them."""
    return [_convolved(), _pooled()]


def _convolved() -> Sheet:
    title, layer, values = "An input that does not divide: convolution and the way back", _strided(), example(6)
    made, read = cells(values, layer), read_by(values, layer)
    back = numbered(nn.ConvTranspose2d(1, 1, 3, 2, bias=False))
    longer = numbered(nn.ConvTranspose2d(1, 1, 3, 2, output_padding=1, bias=False))
    lost = int((~read).sum())
    first = frame(
        grid_picture(Grid(made, "output")),
        grid_picture(Grid(values, "input", lost=~read)),
        f"{times(values.shape)} → {times(made.shape)}: {lost} cells are never read",
    )
    last = (made.shape[0] - 1, made.shape[1] - 1)
    second = frame(
        grid_picture(Grid(made, "output", lit=one_cell(made, last))),
        grid_picture(Grid(values, "input", lit=factors(values, layer, last) != 0, lost=~read)),
        "the last window ends one cell early",
    )
    told = [
        f"{settings_of(layer)}: {size_of(layer, len(values), len(made))}",
        f"The way back has {size_of(back, len(made), len(cells(made, back)))} cells a side; with output padding 1 "
        f"{size_of(longer, len(made), len(cells(made, longer)))}.",
        "Red: input cells that no window reads, and output cells that no input cell adds to.",
    ]
    panels = [first, second, _returned(made, back), _returned(made, longer)]
    return Sheet("remainder", title, told[:2], frame_sheet(title, told, panels, 4))


def _pooled() -> Sheet:
    title, values = "An input that does not divide: pooling down and up", example(5)
    panels: list[Image.Image] = []
    told: list[str] = []
    for up, word in ((False, "rounded down, as torch does"), (True, "rounded up, as Caffe did")):
        pool = nn.MaxPool2d(2, ceil_mode=up)
        made = cells(values, pool)
        # A mean reads each cell of its window; of a maximum only one would show.
        read = read_by(values, lambda entry, up=up: F.avg_pool2d(entry, 2, ceil_mode=up))
        lost = int((~read).sum())
        caption = f"{word}: {times(values.shape)} → {times(made.shape)}, {lost} cells never read"
        panels.append(
            frame(grid_picture(Grid(made, "output")), grid_picture(Grid(values, "input", lost=~read)), caption)
        )
        told.append(f"max pool 2 × 2, stride 2, {word}: {times(values.shape)} → {times(made.shape)}")
    lines = [*told, "Rounded up, the last windows hang over the edge and are maxima of what is left of them."]
    return Sheet("remainder_pool", title, told, frame_sheet(title, lines, panels, 2))


def _strided() -> nn.Conv2d:
    return numbered(nn.Conv2d(1, 1, 3, 2, bias=False))


def _returned(made: Tensor, back: nn.ConvTranspose2d) -> Image.Image:
    grown = cells(made, back)
    untouched = terms(made, back) == 0
    above = grid_picture(Grid(grown, "output", lost=untouched))
    told = f"back: {times(made.shape)} → {times(grown.shape)}\noutput padding {back.output_padding[0]}: "
    return frame(above, grid_picture(Grid(made, "output")), f"{told}{int(untouched.sum())} cells get nothing")
