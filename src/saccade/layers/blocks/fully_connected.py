"""Fully connected layers over a map, as the ends of the classic networks have them."""

from collections.abc import Sequence

from torch import nn

from saccade.core.level import Level
from saccade.layers.blocks.convolution import rectifier


def fully_connected(
    level: Level, hidden: Sequence[int], outputs: int, *, grid: int = 1, dropout: float = 0.0, leak: float = 0.0
) -> nn.Sequential:
    """A map (B, C, h, w) to vectors (B, outputs).

    The map is averaged to grid × grid positions (1: the global average) and flattened; each hidden layer is followed by
    a rectifier and dropout, the last layer by nothing.

    Args:
        level: The map that is read; a map of one position is flattened as it is.
        hidden: Sizes of the hidden layers.
        outputs: Size of the last layer.
        grid: Positions a side that the map is averaged to.
        dropout: Probability with which hidden values are dropped.
        leak: Slope of the rectifiers below zero.
    """
    grid = 1 if level.stride is None else grid
    layers: list[nn.Module] = [] if level.stride is None else [nn.AdaptiveAvgPool2d(grid)]
    layers.append(nn.Flatten(1))
    size = level.channels * grid * grid
    for width in hidden:
        layers += [nn.Linear(size, width), rectifier(leak), nn.Dropout(dropout)]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, outputs))


def averaged_linear(linear: nn.Linear, *, dropout: float = 0.0) -> nn.Sequential:
    """A map (B, C, h, w) to vectors (B, outputs): the average over all positions, dropout, and the given layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Dropout(dropout), linear)
