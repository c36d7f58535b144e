"""Convolutions beyond whose border the map is mirrored, the pixels at the border twice.

Source: Pinheiro, Lin, Collobert, Dollár 2016, SharpMask, arXiv 1603.08695, and its code: windows of a large picture are
surrounded by what continues them, not by zeros, so that zeros around a window that is learnt from would mislead.
"""

import copy
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.layers.norms.frozen_norm import replaced

Part = TypeVar("Part", bound=nn.Module)


class SymmetricConv2d(nn.Conv2d):
    """A convolution of the same weights and arguments, but for what it finds beyond the border."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C', h', w')."""
        down, across = (side if isinstance(side, int) else 0 for side in self.padding)
        padded = mirrored(input, down, across)
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def mirrored(maps: Tensor, down: int, across: int) -> Tensor:
    """Maps (B, C, h, w) with so many mirrored positions beyond each border, through which no gradient flows.

    Args:
        maps: At least as high and wide as what is mirrored.
        down: Positions above and below.
        across: Positions to the left and right.
    """
    if max(down, across) <= 1:  # then it is the border itself once more
        wide = F.pad(maps.detach(), (across, across, down, down), "replicate")
    else:
        wide = _mirrored_along(_mirrored_along(maps.detach(), -1, across), -2, down)
    if not (torch.is_grad_enabled() and maps.requires_grad):
        return wide
    return wide + F.pad(maps - maps.detach(), (across, across, down, down))


def _mirrored_along(maps: Tensor, axis: int, number: int) -> Tensor:
    if not number:
        return maps
    length = maps.shape[axis]
    before, after = maps.narrow(axis, 0, number).flip(axis), maps.narrow(axis, length - number, number).flip(axis)
    return torch.cat([before, maps, after], axis)


def with_symmetric_padding(module: Part) -> Part:
    """A copy of a module whose padded convolutions mirror; all weights and statistics are shared with it."""
    shared = [*module.parameters(), *module.buffers()]
    other = copy.deepcopy(module, {id(tensor): tensor for tensor in shared})
    replaced(other, nn.Conv2d, _symmetric)
    return other


def _symmetric(layer: nn.Conv2d) -> nn.Conv2d:
    if type(layer) is not nn.Conv2d or isinstance(layer.padding, str) or not any(layer.padding):
        return layer  # one that pads in a way of its own, or not at all
    made = SymmetricConv2d(
        *(layer.in_channels, layer.out_channels, layer.kernel_size),  # pyright: ignore[reportArgumentType]
        stride=layer.stride,  # pyright: ignore[reportArgumentType]
        padding=layer.padding,  # pyright: ignore[reportArgumentType]
        dilation=layer.dilation,  # pyright: ignore[reportArgumentType]
        groups=layer.groups,
        bias=layer.bias is not None,
        device="meta",
    )
    made.weight, made.bias = layer.weight, layer.bias
    return made
