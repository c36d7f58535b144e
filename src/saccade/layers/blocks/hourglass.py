"""The hourglass: down to a few positions and back, with a branch at each size that skips what lies below.

Paper: Newell, Yang, Deng 2016, Stacked hourglass networks, arXiv 1603.06937, sections 3.1 and 3.2; layers as in the
code that was released with it.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class PreActivatedBottleneck(nn.Module):
    """Three convolutions, each after normalisation and rectifier, added to what they got (He 2016, arXiv 1603.05027).

    Where the number of channels changes, the shortcut is a 1 × 1 convolution of the input as it comes.

    Args:
        entry: Channels that it reads.
        size: Channels that it makes, of which the inner layers have half.
    """

    def __init__(self, entry: int, size: int) -> None:
        super().__init__()
        inner = size // 2
        self.norm1, self.conv1 = nn.BatchNorm2d(entry), nn.Conv2d(entry, inner, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(inner), nn.Conv2d(inner, inner, 3, padding=1)
        self.norm3, self.conv3 = nn.BatchNorm2d(inner), nn.Conv2d(inner, size, 1)
        self.shortcut = nn.Identity() if entry == size else nn.Conv2d(entry, size, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, entry, h, w) to (B, size, h, w)."""
        inner = self.conv1(F.relu(self.norm1(maps)))
        inner = self.conv2(F.relu(self.norm2(inner)))
        return self.conv3(F.relu(self.norm3(inner))) + self.shortcut(maps)


def bottlenecks(size: int, count: int) -> nn.Sequential:
    """Several bottlenecks in a row that keep the number of channels."""
    return nn.Sequential(*(PreActivatedBottleneck(size, size) for _ in range(count)))


class Hourglass(nn.Module):
    """Halves a map `depth` times, and doubles it as often, adding what the branch of each size made.

    Args:
        depth: How often the map is halved; its sides are multiples of 2 to the power of it.
        size: Channels throughout.
        modules: Bottlenecks in a row at each place.
    """

    def __init__(self, depth: int, size: int, modules: int = 1) -> None:
        super().__init__()
        self.beside = bottlenecks(size, modules)
        self.down = nn.Sequential(nn.MaxPool2d(2), *bottlenecks(size, modules))
        self.below = Hourglass(depth - 1, size, modules) if depth > 1 else bottlenecks(size, modules)
        self.up = nn.Sequential(*bottlenecks(size, modules), nn.Upsample(scale_factor=2, mode="nearest"))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, size, h, w) to the same shape."""
        return self.beside(maps) + self.up(self.below(self.down(maps)))
