"""LeNet-5's own layers: trainable subsampling, a convolution with a connection table, a scaled tangent.

Paper: LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition, section II.B.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ScaledTanh(nn.Module):
    """f(a) = 1.7159 · tanh(2a / 3), which maps ±1 to ±1."""

    def forward(self, values: Tensor) -> Tensor:
        """The function of each value."""
        return 1.7159 * torch.tanh(values * (2 / 3))


class Subsample(nn.Module):
    """Sum of each 2 × 2 window times a trainable coefficient plus a trainable bias, one of each a map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(channels)), nn.Parameter(torch.empty(channels))
        self.stride = 2
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform within ± 2.4 / 4, since each unit has four inputs."""
        nn.init.uniform_(self.weight, -0.6, 0.6)
        nn.init.uniform_(self.bias, -0.6, 0.6)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C, h / 2, w / 2)."""
        return 4 * F.avg_pool2d(maps, 2) * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)


class TableConv2d(nn.Module):
    """A convolution in which each output map sees some of the input maps.

    Args:
        table: For each output map, the positions of the input maps that it sees.
        channels: Number of input maps.
        kernel: Side of the kernels.

    Attributes:
        weight: (connections, kernel, kernel), one kernel a connection.
        bias: (outputs,)
    """

    places: Tensor

    def __init__(self, table: Sequence[Sequence[int]], channels: int, kernel: int) -> None:
        super().__init__()
        places = [row * channels + column for row, columns in enumerate(table) for column in columns]
        self.register_buffer("places", torch.tensor(places), persistent=False)
        self.fan_in = [len(columns) * kernel * kernel for columns in table for _ in columns]
        self.in_channels, self.out_channels, self.stride = channels, len(table), 1
        self.weight = nn.Parameter(torch.empty(len(places), kernel, kernel))
        self.bias = nn.Parameter(torch.empty(len(table)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform within ± 2.4 / fan-in of the output map."""
        nn.init.uniform_(self.weight, -2.4, 2.4)
        nn.init.uniform_(self.bias, -2.4 / max(self.fan_in), 2.4 / max(self.fan_in))
        with torch.no_grad():
            self.weight /= self.weight.new_tensor(self.fan_in).view(-1, 1, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, channels, h, w) to (B, outputs, h - kernel + 1, w - kernel + 1)."""
        side = self.weight.shape[-1]
        dense = self.weight.new_zeros(self.out_channels * self.in_channels, side, side)
        dense = dense.index_copy(0, self.places, self.weight)
        return F.conv2d(maps, dense.view(self.out_channels, self.in_channels, side, side), self.bias)
