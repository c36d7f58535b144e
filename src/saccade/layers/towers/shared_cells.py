"""Convolutions that say the same of every cell of a grid, where fully connected layers know each by its place."""

from torch import Tensor, cat, nn

from saccade.layers.blocks.convolution import conv_relu


class SharedCells(nn.Module):
    """A map to the values of all cells, in the order of a grid's head: each group of values of all cells together.

    Args:
        channels: Channels of the map.
        hidden: Channels of a 3 × 3 convolution before the last; 0: there is none.
        groups: How many values of a cell each group has: classes, confidences, boxes.
        grid: Cells a side, to which the map is averaged.
        dropout: Probability with which hidden values are dropped.
        leak: Slope of the rectifier below zero.
    """

    def __init__(
        self, channels: int, hidden: int, groups: tuple[int, ...], *, grid: int, dropout: float, leak: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.AdaptiveAvgPool2d(grid)]
        if hidden:
            layers += [conv_relu(channels, hidden, 3, padding=1, leak=leak), nn.Dropout(dropout)]
        self.groups = groups
        self.layers = nn.Sequential(*layers, nn.Conv2d(hidden or channels, sum(groups), 1))

    def forward(self, features: Tensor) -> Tensor:
        """(B, cells · values) of a map (B, channels, h, w)."""
        values = self.layers(features).permute(0, 2, 3, 1)
        return cat([part.flatten(1) for part in values.split(list(self.groups), -1)], 1)
