"""Sheets of the ways to make a map twice as fine: unpooling, bilinear, nearest, and FCN's fixed kernels."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from saccade.analysis.convolution.terms import cells
from saccade.analysis.convolution.worked import Sheet, example, times
from saccade.layers.decoder.grow import Bilinear, Unpool
from saccade.layers.decoder.upsampling import bilinear_kernel, kernel_side, upsampling
from saccade.view.drawing.grids import Grid, captioned_below, frame, frame_sheet, grid_picture, shaded_picture

FACTORS = (2, 3, 8, 32)  # FCN-8s grows by 2, 2 and 8, FCN-32s by 32 at once; 3 shows an odd kernel


def unpooling_sheets() -> list[Sheet]:
    """A map that was pooled, grown again in three ways."""
    title, values = "Unpooling beside bilinear and nearest upsampling", example(6)
    pooled, places = nn.MaxPool2d(2, return_indices=True)(values[None, None])
    coarse, size = pooled[0, 0], (values.shape[0], values.shape[1])
    kept = torch.zeros(values.numel(), dtype=torch.bool).index_fill(0, places.flatten(), True).view(values.shape)
    unpool, bilinear = Unpool(), Bilinear()
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "max-unpooling: back to where the maximum was": lambda entry: unpool(entry, size, places),
        "bilinear: between positions": lambda entry: bilinear(entry, size, None),
        "nearest: four times the same": lambda entry: F.interpolate(entry, size, mode="nearest"),
    }
    before = frame(
        grid_picture(Grid(coarse, "output")),
        grid_picture(Grid(values, "input", lit=kept)),
        f"max pool 2 × 2: {times(values.shape)} → {times(coarse.shape)}",
    )
    panels = [before]
    told = ["Below left the map that was pooled, its maxima marked; the others grow from what the pool left."]
    for caption, way in ways.items():
        grown = cells(coarse, way)
        same = grown == values
        above, below = Grid(grown, "output", lit=same), Grid(coarse, "input")
        panels.append(frame(grid_picture(above), grid_picture(below), caption))
        sure = int(same.sum())
        told.append(
            f"{caption.split(':')[0]}: {int((grown != 0).sum())} of {grown.numel()} cells are not 0, "
            f"{sure} {'is' if sure == 1 else 'are'} as in the map before (marked)"
        )
    return [Sheet("unpooling", title, told[1:], frame_sheet(title, told, panels, 4))]


def bilinear_sheets() -> list[Sheet]:
    """FCN's kernels, and a transposed convolution by one of them beside interpolation."""
    return [_kernels(), _interpolated()]


def _kernels() -> Sheet:
    title, panels, told = "FCN's fixed bilinear kernels", list[Image.Image](), list[str]()
    for factor in FACTORS:
        kernel = bilinear_kernel(kernel_side(factor))
        picture = (
            grid_picture(Grid(kernel, "output")) if len(kernel) < 6 else shaded_picture(kernel, 320 // len(kernel))
        )
        panels.append(captioned_below(picture, f"{factor} times as fine: {times(kernel.shape)}, sum {kernel.sum():g}"))
        told.append(f"factor {factor}: kernel {times(kernel.shape)}, stride {factor}, greatest {kernel.max():g}")
    lines = ["weights (1 - |i - c| / f) (1 - |j - c| / f), which a transposed convolution of that stride adds up"]
    return Sheet("bilinear_kernels", title, told, frame_sheet(title, lines, panels, 4))


def _interpolated() -> Sheet:
    title, values = "A transposed convolution by a bilinear kernel is interpolation", example(3)
    layer = upsampling(1, 2, learnt=False, grouped=True)
    whole = cells(values, layer)
    rim = (kernel_side(2) - 2) // 2
    inner = whole[rim : rim + 6, rim : rim + 6]
    interpolation = cells(values, lambda entry: Bilinear()(entry, (6, 6), None))
    outside = torch.ones_like(whole, dtype=torch.bool)
    outside[rim : rim + 6, rim : rim + 6] = False
    unlike = ~torch.isclose(inner, interpolation)
    below = grid_picture(Grid(values, "input"))
    panels = [
        frame(
            grid_picture(Grid(whole, "output", faint=outside)), below, f"{times(values.shape)} → {times(whole.shape)}"
        ),
        frame(grid_picture(Grid(inner, "output", lit=unlike)), below, "its rim cut off: FCN's scores"),
        frame(grid_picture(Grid(interpolation, "output", lit=unlike)), below, "bilinear interpolation"),
    ]
    told = [
        f"kernel {times(layer.kernel_size)}, stride {layer.stride[0]}: {times(values.shape)} → {times(whole.shape)}, "
        f"of which {times(inner.shape)} are kept",
        f"{int(unlike.sum())} cells of {unlike.numel()} differ from interpolation (marked), all at the edges, where",
        "the transposed convolution sees nothing outside and interpolation repeats the last value.",
    ]
    return Sheet("bilinear_upsampling", title, told[:1], frame_sheet(title, told, panels, 3))
