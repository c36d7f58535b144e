"""Blocks of separable convolutions that are narrow at their ends and wide between.

Paper: Sandler, Howard, Zhu, Zhmoginov, Chen 2018, MobileNetV2: inverted residuals and linear bottlenecks, arXiv
1801.04381, section 3.3. Padding is TensorFlow's, as the weights learnt on.
"""

import torch.nn.functional as F
from torch import Tensor, nn

# What TensorFlow's networks add to variances before the root.
EPSILON = 1e-3


class SamePad(nn.Module):
    """Zeros such that a convolution of this stride gives ⌈side / stride⌉ positions, the odd one at the far end.

    Args:
        kernel: Side of the kernels.
        stride: Positions between two neighbouring windows.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride, self.dilation = kernel, stride, 1

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C, h + what is missing, w + what is missing)."""
        (top, bottom), (left, right) = (self._missing(side) for side in maps.shape[-2:])
        return F.pad(maps, (left, right, top, bottom))

    def _missing(self, side: int) -> tuple[int, int]:
        # The windows' reach is at least their stride, so that the last one lacks what the side leaves of a stride.
        missing = (self.kernel - 1) * self.dilation - (side - 1) % self.stride
        return missing // 2, missing - missing // 2


class InvertedResidual(nn.Module):
    """A 1 × 1 convolution that widens, one within each channel, and a 1 × 1 convolution that narrows again, linearly.

    Where size and stride allow it, what came is added.

    Args:
        entry: Channels that it reads.
        size: Channels that it makes.
        kernel: Side of the kernels within channels.
        stride: Stride of those.
        expand: How many times wider it is between; 1: it does not widen.
    """

    def __init__(self, entry: int, size: int, kernel: int, stride: int = 1, expand: int = 6) -> None:
        super().__init__()
        wide = entry * expand
        self.adds = stride == 1 and entry == size
        layers = dict[str, nn.Module]()
        if expand != 1:
            layers |= {"widen": nn.Conv2d(entry, wide, 1, bias=False), "norm1": norm(wide), "relu1": relu6()}
        layers |= spaced(wide, wide, kernel, stride, groups=wide)
        layers |= {"norm2": norm(wide), "relu2": relu6()}
        layers |= {"narrow": nn.Conv2d(wide, size, 1, bias=False), "norm3": norm(size)}
        self.layers = nn.Sequential()
        for name, layer in layers.items():
            self.layers.add_module(name, layer)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, entry, h, w) to (B, size, ⌈h / stride⌉, ⌈w / stride⌉)."""
        return self.layers(maps) + maps if self.adds else self.layers(maps)


def spaced(entry: int, size: int, kernel: int, stride: int, *, groups: int = 1) -> dict[str, nn.Module]:
    """A convolution without bias, ``conv``, after the padding ``pad`` where it steps further than by one."""
    if stride == 1:
        return {"conv": nn.Conv2d(entry, size, kernel, padding=kernel // 2, groups=groups, bias=False)}
    return {
        "pad": SamePad(kernel, stride),
        "conv": nn.Conv2d(entry, size, kernel, stride, groups=groups, bias=False),
    }


def norm(size: int) -> nn.BatchNorm2d:
    """Normalisation by batch with TensorFlow's constant."""
    return nn.BatchNorm2d(size, eps=EPSILON)


def relu6() -> nn.ReLU6:
    """The rectifier that stops at 6, which fixed-point numbers hold."""
    return nn.ReLU6(inplace=True)
