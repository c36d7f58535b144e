"""The windows by which convolutions and poolings slide, read from the arguments of PyTorch's operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from saccade.analysis.reach import Reach

POOLS = {
    "max_pool2d_with_indices": 2,
    "max_pool2d": 2,
    "avg_pool2d": 2,
    "max_pool3d_with_indices": 3,
    "avg_pool3d": 3,
    "max_pool1d": 1,
    "avg_pool1d": 1,
}


@dataclass(frozen=True)
class Window:
    """A window along one axis.

    Attributes:
        kernel: Positions in it.
        stride: Positions between two windows.
        padding: Positions before the first.
        dilation: Positions between two of its taps.
        transposed: Whether it spreads each position rather than gathering many.
        is_pool: Whether it pools.
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    transposed: bool = False
    is_pool: bool = False

    @property
    def extent(self) -> int:
        """Positions from its first tap to its last."""
        return self.dilation * (self.kernel - 1) + 1

    def slide(self, reach: Reach) -> Reach:
        """What a position sees after it."""
        return reach.window(self.kernel, self.stride, self.padding, self.dilation)

    def transpose(self, reach: Reach) -> Reach:
        """What a position sees after it, where it is transposed."""
        return reach.transposed(self.kernel, self.stride, self.padding, self.dilation)

    def remainder(self, side: int) -> int:
        """Positions of a padded side that no window covers, since (N - F + 2P) / S is not whole."""
        return (side + 2 * self.padding - self.extent) % self.stride


def slides(name: str) -> bool:
    """Whether an operation slides windows over maps."""
    return name == "convolution" or name in POOLS


def windows_of(name: str, arguments: Sequence[Any]) -> list[Window]:
    """The window along each spatial axis, those of rows first."""
    if name == "convolution":
        _, weight, _, stride, padding, dilation, transposed = arguments[:7]
        kernel = weight.shape[2:]
        lists = (_each(values, len(kernel)) for values in (kernel, stride, padding, dilation))
        return [Window(*values, transposed=transposed) for values in zip(*lists, strict=True)]
    count = POOLS[name]
    kernel = _each(arguments[1], count)
    stride = _each(arguments[2], count) if len(arguments) > 2 and arguments[2] else kernel
    padding = _each(arguments[3], count) if len(arguments) > 3 else [0] * count
    dilation = _each(arguments[4], count) if name.startswith("max") and len(arguments) > 4 else [1] * count
    return [Window(*values, is_pool=True) for values in zip(kernel, stride, padding, dilation, strict=True)]


def _each(values: Any, count: int) -> list[int]:
    values = [values] if isinstance(values, int) else list(values)
    return values * count if len(values) == 1 else values
