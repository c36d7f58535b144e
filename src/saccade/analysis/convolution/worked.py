"""The small maps and kernels that the sheets work through, and the sizes of layers spelt out.

Legend: N side of an input, F side of a kernel, S stride, P padding, D dilation.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
from PIL import Image
from torch import Tensor, nn

from saccade.analysis.convolution.terms import Layer

OneLayer = TypeVar("OneLayer", nn.Conv2d, nn.ConvTranspose2d)


class Sheet(NamedTuple):
    """One picture.

    Attributes:
        name: Of its file, without the ending.
        title: What it shows.
        told: The sizes, as they came out.
        picture: RGB.
    """

    name: str
    title: str
    told: Sequence[str]
    picture: Image.Image


def example(side: int) -> Tensor:
    """(side, side) small whole numbers, none of them 0, so that every cell of a window counts."""
    return (torch.arange(side * side) * 7 % 9 + 1).float().reshape(side, side)


def numbered(layer: OneLayer) -> OneLayer:
    """The layer with the kernel 1, 2, 3 … from its first row on, which shows when it is turned around."""
    with torch.no_grad():
        layer.weight.copy_(torch.arange(1, layer.weight.numel() + 1).float().reshape(layer.weight.shape))
    return layer


def one_cell(values: Tensor, place: tuple[int, int]) -> Tensor:
    """(h, w) bool of a map (h, w): one cell alone."""
    mask = torch.zeros_like(values, dtype=torch.bool)
    mask[place] = True
    return mask


def spread_places(shape: Sequence[int]) -> list[tuple[int, int]]:
    """Four places of a map (H, W): the first cell, the next, the middle, the last."""
    height, width = shape
    places = [(0, 0), (0, 1), (height // 2, width // 2), (height - 1, width - 1)]
    return list(dict.fromkeys(places)) if height * width > 4 else [(r, c) for r in range(height) for c in range(width)]


def settings_of(layer: Layer) -> str:
    """``kernel 3 × 3, stride 2, padding 1``: what a layer was built with, less what is usual."""
    told = [f"kernel {times(layer.kernel_size)}", f"stride {layer.stride[0]}", f"padding {layer.padding[0]}"]
    if layer.dilation[0] > 1:
        told.append(f"dilation {layer.dilation[0]}")
    if layer.output_padding[0]:
        told.append(f"output padding {layer.output_padding[0]}")
    return ", ".join(told)


def size_of(layer: Layer, before: int, after: int) -> str:
    """The side of the output of a layer by the side of its input, spelt out; `after` is what came out.

    A convolution has (N - D (F - 1) - 1 + 2P) / S + 1 of N cells, rounded down, a transposed one
    (N - 1) S + D (F - 1) + 1 - 2P and the output padding.
    """
    extent = layer.dilation[0] * (layer.kernel_size[0] - 1) + 1
    stride, padding = layer.stride[0], int(layer.padding[0])
    if isinstance(layer, nn.ConvTranspose2d):
        rest = f" + {layer.output_padding[0]}" if layer.output_padding[0] else ""
        return f"({before} - 1) · {stride} + {extent} - 2 · {padding}{rest} = {after}"
    exact = (before - extent + 2 * padding) / stride + 1
    formula = f"({before} - {extent} + 2 · {padding}) / {stride} + 1 = {exact:g}"
    return formula if exact == after else f"{formula}, rounded down to {after}"


def times(sizes: Sequence[int]) -> str:
    """``5 × 5``."""
    return " × ".join(map(str, sizes))
