"""Transposed convolutions that begin as bilinear interpolation, and may stay so.

Source: Long, Shelhamer, Darrell 2015, Fully convolutional networks, arXiv 1411.4038, section 3.3; the released
`surgery.py`.
"""

import torch
from torch import Tensor, nn


def bilinear_kernel(side: int) -> Tensor:
    """(side, side) weights of bilinear interpolation: .25 .75 .75 .25 along each axis for a side of 4."""
    factor = (side + 1) // 2
    centre = factor - 1 if side % 2 else factor - 0.5
    row = 1 - (torch.arange(side) - centre).abs() / factor
    return row[:, None] * row


def kernel_side(factor: int) -> int:
    """Side of the kernel that interpolates to `factor` times as many positions: 4 for 2, 5 for 3, 64 for 32."""
    return 2 * factor - factor % 2


def upsampling(channels: int, factor: int, *, learnt: bool, grouped: bool) -> nn.ConvTranspose2d:
    """Layer from (B, C, h, w) to `factor` times as many positions and a rim around them, without bias or padding.

    Of n positions (n - 1) · factor + side of the kernel come out. The rim is (side - factor) // 2 positions wide on the
    left and above: the next position stands in the middle of its kernel.

    Args:
        channels: C.
        factor: Positions that come of one, along each axis; from 2.
        learnt: Whether the kernels learn.
        grouped: One kernel a channel. Else C × C of them, of which those between unlike channels begin at 0.
    """
    side = kernel_side(factor)
    layer = nn.ConvTranspose2d(channels, channels, side, factor, groups=channels if grouped else 1, bias=False)
    with torch.no_grad():
        weight = layer.weight.zero_()
        for channel in range(channels):
            weight[channel, 0 if grouped else channel] = bilinear_kernel(side)
    layer.weight.requires_grad_(learnt)
    return layer
