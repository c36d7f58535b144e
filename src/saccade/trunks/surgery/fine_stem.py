"""A residual network whose first convolution no longer steps, so that its finest map has a position a pixel.

Source: Yu, Feng, Liu, Ramalingam 2017, CASENet, arXiv 1705.09759, section 4.1, and the released network.
"""

from dataclasses import replace

from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.trunks.chain import Chain, stride_of
from saccade.trunks.surgery.dilate import Rate, spread_windows
from saccade.trunks.surgery.fc_to_conv import copied_stages


def is_residual(trunk: Trunk) -> bool:
    """Whether it is one of our residual networks, whose first stage is a convolution by itself."""
    residual = any(isinstance(module, BasicBlock | Bottleneck) for module in trunk.modules())
    return residual and isinstance(trunk, Chain)


def with_fine_stem(trunk: Chain, stride: int = 8) -> Chain:
    """A new trunk whose first convolution steps by one, its maps at most `stride` pixels apart, with the same weights.

    All convolutions after the first spread their windows by its former step, and once more by each step that they no
    longer take, so that they see as far as before. The pool of 3 × 3 after it stays as it is, as released.

    Args:
        trunk: A residual network.
        stride: Pixels between two positions of the coarsest maps.

    Raises:
        UsageError: The trunk is none of stages in a row, or has layers whose windows cannot be spread.
    """
    stages = copied_stages(trunk, "a fine stem")
    (first, stem), *others = stages.items()
    convolution = next(layer for layer in stem.modules() if isinstance(layer, nn.Conv2d))
    step, convolution.stride = convolution.stride[0], (1, 1)
    rate, levels = Rate(1, step, stride), {first: Level(trunk.levels[first].channels, 1)}
    for name, stage in others:
        if isinstance(stage, nn.MaxPool2d):
            rate = replace(rate, stride=rate.stride * stride_of(stage))
        else:
            stages[name], rate = spread_windows(stage, rate, name)
        levels[name] = Level(trunk.levels[name].channels, rate.stride)
    return Chain(stages, levels, trunk.preprocessing)
