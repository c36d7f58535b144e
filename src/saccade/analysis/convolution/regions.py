"""Sheets of a region laid over a map: its cells, and what each of them reads, by maximum and by bilinear samples.

Papers: Girshick 2015, Fast R-CNN, arXiv 1504.08083, section 2.1 (RoI max pooling); He et al. 2017, Mask R-CNN,
arXiv 1703.06870, section 3 (RoI align).
"""

import torch
from PIL import Image
from torch import Tensor

from saccade.analysis.convolution.worked import Sheet, example, one_cell, times
from saccade.ops.regions.pool import Kind, pool_regions
from saccade.view.drawing.grids import Grid, frame, frame_sheet, grid_picture

SIDE, STRIDE, CELLS = 8, 16, 2
REGION = (20.0, 28.0, 108.0, 100.0)  # x1, y1, x2, y2 in pixels; no multiples of the stride, so that rounding shows


def region_sheets() -> list[Sheet]:
    """One region of one map, pooled to 2 × 2 by each of the two ways."""
    return [_by_maximum(), _by_samples()]


def pooled(values: Tensor, kind: Kind) -> Tensor:
    """(2, 2) of a map (h, w) under the sheets' region."""
    region = torch.tensor([REGION])
    return pool_regions(values[None, None], region, torch.zeros(1, dtype=torch.int64), CELLS, STRIDE, kind)[0, 0]


def read_by_cells(kind: Kind) -> Tensor:
    """(2, 2, h, w) what each cell of the region takes of each position: its share, or above 0 where it looks at it."""
    shares = torch.zeros(CELLS, CELLS, SIDE, SIDE)
    for row in range(SIDE):
        for column in range(SIDE):
            shares[:, :, row, column] = pooled(one_cell(example(SIDE), (row, column)).float(), kind)
    return shares


def _by_maximum() -> Sheet:
    title, values = "RoI max pooling: a region rounded to positions, the greatest of each cell", example(SIDE)
    entry = values.clone().requires_grad_(True)
    made = pooled(entry, "max")
    made.sum().backward()
    back = torch.zeros_like(values) if entry.grad is None else entry.grad
    panels = _panels(values, made.detach(), read_by_cells("max"), weigh=False)
    told = [
        f"region {_pixels()} of a map of stride {STRIDE}: {_positions()} positions, rounded to "
        f"{' '.join(str(round(at / STRIDE)) for at in REGION)}",
        f"{times(values.shape)} (below) → {times(made.shape)} (above), whatever the region's size",
        f"backwards the gradient goes to the {int((back > 0).sum())} maxima alone, as in max pooling",
    ]
    panels.append(
        frame(
            grid_picture(Grid(torch.ones_like(made.detach()), "output")),
            grid_picture(Grid(back, "input", lit=back > 0)),
            "backwards: 1 to each maximum",
        )
    )
    return Sheet("region_max", title, told, frame_sheet(title, told, panels, 3))


def _by_samples() -> Sheet:
    title, values = "RoI align: nothing is rounded, samples between positions are averaged", example(SIDE)
    made, shares = pooled(values, "align"), read_by_cells("align")
    told = [
        f"region {_pixels()} of a map of stride {STRIDE}: {_positions()} positions, as they are",
        f"{times(values.shape)} (below) → {times(made.shape)} (above): 2 × 2 bilinear samples a cell; the shares of a "
        "cell sum to 1",
    ]
    return Sheet("region_align", title, told, frame_sheet(title, told, _panels(values, made, shares, weigh=True), 3))


def _panels(values: Tensor, made: Tensor, shares: Tensor, *, weigh: bool) -> list[Image.Image]:
    """A frame for each cell of the region, above the positions that it reads."""
    panels: list[Image.Image] = []
    for row in range(CELLS):
        for column in range(CELLS):
            share = shares[row, column]
            below = Grid(values, "input", lit=share > 0, weights=share if weigh else None)
            above = Grid(made, "output", lit=one_cell(made, (row, column)))
            text = f"cell ({row}, {column}) = {float(made[row, column]):.3g}, of {int((share > 0).sum())} positions"
            panels.append(frame(grid_picture(above), grid_picture(below), text))
    return panels


def _pixels() -> str:
    return " ".join(f"{at:g}" for at in REGION)


def _positions() -> str:
    return " ".join(f"{at / STRIDE:g}" for at in REGION)
