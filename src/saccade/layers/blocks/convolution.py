"""A convolution with its nonlinearity, the step that the classic networks are made of."""

from collections import OrderedDict

from torch import nn


def conv_relu(
    entry: int, size: int, kernel: int, *, stride: int = 1, padding: int = 0, groups: int = 1, leak: float = 0.0
) -> nn.Sequential:
    """A convolution ``conv`` and its rectifier ``relu``, as one stage.

    Args:
        entry: Channels that it reads.
        size: Channels that it makes.
        kernel: Side of the kernels.
        stride: Positions between two neighbouring windows.
        padding: Zeros on every side.
        groups: Groups of channels that do not see each other.
        leak: Slope of the rectifier below zero.
    """
    conv = nn.Conv2d(entry, size, kernel, stride, padding, groups=groups)
    return nn.Sequential(OrderedDict(conv=conv, relu=rectifier(leak)))


def rectifier(leak: float = 0.0) -> nn.Module:
    """A rectifier of slope `leak` below zero."""
    return nn.LeakyReLU(leak, inplace=True) if leak else nn.ReLU(inplace=True)
