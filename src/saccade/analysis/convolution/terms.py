"""Which cells of an input one output cell is made of, and by which factors: read off the layers by running them.

Every layer here is linear and has one channel, so the gradient of an output cell is the list of its factors.

Legend: (h, w) cells of an input, (H, W) of an output, F side of a kernel, S stride, P padding, D dilation.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Layer = nn.Conv2d | nn.ConvTranspose2d


class Widened(NamedTuple):
    """The cells that a kernel slides over.

    Attributes:
        values: (h', w') the input with all that was put around and between its cells.
        added: (h', w') bool: the cells that were put there.
    """

    values: Tensor
    added: Tensor


def cells(values: Tensor, layer: Callable[[Tensor], Tensor]) -> Tensor:
    """(H, W) what a layer of one channel makes of (h, w)."""
    with torch.no_grad():
        return layer(values[None, None])[0, 0]


def factors(values: Tensor, layer: Callable[[Tensor], Tensor], place: tuple[int, int]) -> Tensor:
    """(h, w) what each input cell is multiplied by in the output cell at `place`; 0 where it has no part in it."""
    entry = values.detach().clone().requires_grad_(True)
    layer(entry[None, None])[0, 0][place].backward()
    return entry.new_zeros(entry.shape) if entry.grad is None else entry.grad


def read_by(values: Tensor, layer: Callable[[Tensor], Tensor]) -> Tensor:
    """(h, w) bool: the input cells that any output cell is made of; the layer's kernel holds no zero."""
    entry = values.detach().clone().requires_grad_(True)
    layer(entry[None, None]).sum().backward()
    return torch.zeros_like(entry, dtype=torch.bool) if entry.grad is None else entry.grad != 0


def widened(values: Tensor, layer: Layer) -> Widened:
    """What the kernel slides over: a convolution's padded input, a transposed one's with zeros between its cells.

    A transposed convolution of stride S is a plain one over an input with S - 1 zeros between its cells and
    D (F - 1) - P around them, by the kernel turned half around; `sliding` is that plain one.
    """
    known = torch.ones_like(values, dtype=torch.bool)
    first = int(layer.padding[0])
    last = first
    if isinstance(layer, nn.ConvTranspose2d):
        stride = layer.stride[0]
        side = [(length - 1) * stride + 1 for length in values.shape]
        spread, between = values.new_zeros(side), known.new_zeros(side)
        spread[::stride, ::stride], between[::stride, ::stride] = values, known
        values, known = spread, between
        first = layer.dilation[0] * (layer.kernel_size[0] - 1) - first
        last = first + layer.output_padding[0]
    rim = (first, last, first, last)
    return Widened(F.pad(values, rim), ~F.pad(known, rim))


def sliding(layer: Layer) -> Callable[[Tensor], Tensor]:
    """The plain convolution without padding that makes the layer's output of its `widened` input."""
    weight = layer.weight.detach()
    if isinstance(layer, nn.ConvTranspose2d):
        weight = weight.flip(2, 3)
        return lambda entry: F.conv2d(entry, weight, dilation=layer.dilation)
    return lambda entry: F.conv2d(entry, weight, stride=layer.stride, dilation=layer.dilation)


def stamp(values: Tensor, layer: Layer, place: tuple[int, int]) -> Tensor:
    """(H, W) what one input cell adds to the output of a transposed convolution."""
    alone = torch.zeros_like(values)
    alone[place] = values[place]
    return cells(alone, layer)


def terms(values: Tensor, layer: nn.ConvTranspose2d) -> Tensor:
    """(H, W) of how many input cells each output cell is a sum."""
    ones, padding = torch.ones_like(layer.weight), int(layer.padding[0])
    return cells(
        torch.ones_like(values),
        lambda entry: F.conv_transpose2d(
            entry, ones, None, layer.stride, padding, layer.output_padding, 1, layer.dilation
        ),
    )
