"""Sheets of convolutions and of transposed ones: what a window holds, and what comes of it."""

from PIL import Image
from torch import Tensor, nn

from saccade.analysis.convolution.terms import cells, factors, read_by, sliding, stamp, terms, widened
from saccade.analysis.convolution.worked import (
    Sheet,
    example,
    numbered,
    one_cell,
    settings_of,
    size_of,
    spread_places,
    times,
)
from saccade.core.errors import UsageError
from saccade.layers.decoder.grow import Transposed
from saccade.view.drawing.grids import Grid, frame, frame_sheet, grid_picture


def convolution_sheets() -> list[Sheet]:
    """Convolutions: a window of the padded input, and the output cell that is made of it."""
    return [
        _convolution("convolution", "Convolution without padding", nn.Conv2d(1, 1, 3, bias=False), 4),
        _convolution("convolution_padding", "Convolution with padding", nn.Conv2d(1, 1, 3, padding=1, bias=False), 5),
        _convolution("convolution_stride", "Convolution with stride", nn.Conv2d(1, 1, 3, 2, bias=False), 5),
        _convolution("convolution_dilation", "Dilated convolution", nn.Conv2d(1, 1, 3, dilation=2, bias=False), 7),
    ]


def transposed_sheets() -> list[Sheet]:
    """Transposed convolutions: what each input cell adds, and what each output cell is gathered from."""
    plain, padded = nn.ConvTranspose2d(1, 1, 3, bias=False), nn.ConvTranspose2d(1, 1, 3, padding=1, bias=False)
    strided, both = nn.ConvTranspose2d(1, 1, 3, 2, bias=False), nn.ConvTranspose2d(1, 1, 3, 2, 1, bias=False)
    return [
        _transposed("transposed", "Transposed convolution without padding", plain, 2),
        _transposed("transposed_padding", "Transposed convolution with padding", padded, 4),
        _transposed("transposed_stride", "Transposed convolution with stride", strided, 2),
        _transposed("transposed_stride_padding", "Transposed convolution with stride and padding", both, 3),
        _transposed("transposed_up", "U-Net's up-convolution: as wide as its stride, no overlap", _up(), 3),
    ]


def window_sheet(layer: nn.Conv2d | nn.ConvTranspose2d, side: int) -> Sheet:
    """A sheet of a convolution, or a transposed one, of your own: any kernel, stride, padding and dilation.

    Where the input's size does not divide by the stride, the sheet says what it is rounded down to, and input cells
    that no window reads are red.

    Args:
        layer: One channel in, one out, without a bias; its kernel is numbered 1, 2, 3 …, as in all sheets.
        side: Cells a side of the input.

    Raises:
        UsageError: The layer has several channels or a bias, or the input is smaller than its window.
    """
    if (layer.in_channels, layer.out_channels) != (1, 1) or layer.bias is not None:
        raise UsageError("a layer of one channel without a bias", str(layer), cure="Conv2d(1, 1, …, bias=False)")
    extent = layer.dilation[0] * (layer.kernel_size[0] - 1) + 1
    if isinstance(layer, nn.ConvTranspose2d):
        return _transposed("window", "Transposed convolution", layer, side)
    if side + 2 * int(layer.padding[0]) < extent:
        raise UsageError(f"an input of at least {extent} cells with its padding", side, cure="a larger input")
    return _convolution("window", "Convolution", layer, side)


def _up() -> nn.ConvTranspose2d:
    layer = Transposed(1, 1).conv
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _convolution(name: str, title: str, layer: nn.Conv2d, side: int) -> Sheet:
    values, layer = example(side), numbered(layer)
    made = cells(values, layer)
    panels = [_gathered(values, layer, made, place) for place in spread_places(made.shape)]
    told = [
        f"{settings_of(layer)}: input {times(values.shape)} (below) → output {times(made.shape)} (above)",
        size_of(layer, side, len(made)),
        *(["White cells are padding, which counts as 0."] if layer.padding[0] else []),
        *(["Red cells are read by no window."] if not bool(read_by(values, layer).all()) else []),
    ]
    return Sheet(name, title, told[:2], frame_sheet(title, told, panels, 4))


def _transposed(name: str, title: str, layer: nn.ConvTranspose2d, side: int) -> Sheet:
    values, layer = example(side), numbered(layer)
    made = cells(values, layer)
    stamps = [_stamped(values, layer, place) for place in spread_places(values.shape)[:3]]
    gathered = [_gathered(values, layer, made, place) for place in spread_places(made.shape)]
    told = [
        f"{settings_of(layer)}: input {times(values.shape)} (below) → output {times(made.shape)} (above)",
        size_of(layer, side, len(made)),
        "First row: an input cell adds the kernel, times its value, to the output; what falls on one cell is summed.",
        "Second row, the same numbers: a plain convolution of stride 1 by the kernel turned half around; the input has",
        "zeros (white) around it and, with a stride, between its cells.",
    ]
    panels = [*stamps, _overlaps(values, layer), *gathered]
    return Sheet(name, title, told[:2], frame_sheet(title, told, panels, 4))


def _gathered(values: Tensor, layer: nn.Conv2d | nn.ConvTranspose2d, made: Tensor, at: tuple[int, int]) -> Image.Image:
    """One output cell above the window that it is made of, with the factor of each cell in its corner."""
    entry, added = widened(values, layer)
    by = factors(entry, sliding(layer), at)
    lost = ~(read_by(entry, sliding(layer)) | added)
    below = grid_picture(Grid(entry, "input", lit=by != 0, faint=added, lost=lost, weights=by))
    above = grid_picture(Grid(made, "output", lit=one_cell(made, at)))
    return frame(above, below, f"output {_named(at)} = {float((entry * by).sum()):g}")


def _stamped(values: Tensor, layer: nn.ConvTranspose2d, at: tuple[int, int]) -> Image.Image:
    """One input cell below what it adds to the output."""
    added = stamp(values, layer, at)
    above = grid_picture(Grid(added, "output", lit=added != 0))
    below = grid_picture(Grid(values, "input", lit=one_cell(values, at)))
    return frame(above, below, f"input {_named(at)} = {float(values[at]):g} adds to {int((added != 0).sum())} cells")


def _overlaps(values: Tensor, layer: nn.ConvTranspose2d) -> Image.Image:
    count = terms(values, layer)
    least, most = int(count.min()), int(count.max())
    told = f"{most} to each cell" if least == most else f"{least} to {most} to a cell"
    above = grid_picture(Grid(count, "output", lit=count == most if least != most else None))
    return frame(above, grid_picture(Grid(values, "input")), f"how many input cells add: {told}")


def _named(place: tuple[int, int]) -> str:
    return f"({place[0]}, {place[1]})"
