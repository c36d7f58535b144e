"""Fully connected layers as convolutions, so that a network for one size of picture slides over larger ones.

Sources: Sermanet et al. 2013, OverFeat, arXiv 1312.6229, section 3.5; Shelhamer, Long, Darrell 2015, Fully
convolutional networks, arXiv 1411.4038, section 3.1.
"""

import copy
from math import isqrt

from torch import nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.trunks.chain import Chain

# They only bring a map into the shape that a fully connected layer reads, and back.
SHAPING = (nn.AdaptiveAvgPool2d, nn.Flatten, nn.Unflatten, nn.Identity)


def dense(trunk: Chain) -> Chain:
    """A new trunk whose fully connected layers are convolutions with the same weights; the old one stays as it is.

    On a picture of the size that the trunk was built for the prediction is the same, in one position. On a larger one
    each position answers as if the network had been run on the window that it stands for. That is exact where no layer
    before pads: padding stands around the whole picture here, and around each window there. Where it pads, the
    predictions are near each other, and equal in what does not see the padding. Averaging to a fixed grid falls away,
    so that a smaller picture is no longer stretched, but too small.

    Args:
        trunk: A trunk of stages in a row, such as ``alexnet``, ``vgg16`` or ``overfeat``.

    Returns:
        A trunk with maps of the same names; those of fully connected layers have positions, with the stride of the
        last map before them.

    Raises:
        UsageError: The trunk is none of stages in a row.
    """
    stages = copied_stages(trunk, "dense")
    levels: dict[str, Level] = {}
    before = Level(0, 1)
    for name, level in trunk.levels.items():
        if level.stride is None:
            stages[name] = convolutional(stages[name], before.channels)
            level = Level(level.channels, before.stride)
        levels[name] = before = level
    return Chain(stages, levels, trunk.preprocessing)


def convolutional(layers: nn.Module, channels: int) -> nn.Sequential:
    """Fully connected layers in a row as convolutions with the same weights, such as a head's or a stage's.

    The first reads a whole grid of positions at once, the others one position. What brings a map into the shape of a
    vector and back falls away. Weights keep their names, and are shared where their shape allows it.

    Args:
        layers: The layers, as `fully_connected` makes them.
        channels: Channels of the map that they read.

    Raises:
        UsageError: A linear layer does not read a square grid of so many channels.
    """
    found = nn.Sequential()
    for name, layer in layers.named_children():
        if isinstance(layer, nn.Linear):
            layer = _convolution(layer, channels)
            channels = layer.out_channels
        if not isinstance(layer, SHAPING):
            found.add_module(name, layer)
    return found


def copied_stages(trunk: Chain, purpose: str) -> dict[str, nn.Module]:
    """Copies of a trunk's stages, by the names of their maps.

    Args:
        trunk: The trunk.
        purpose: What they are for, for the error.

    Raises:
        UsageError: The trunk is none of stages in a row.
    """
    # A caller without a type checker may hand over any trunk.
    if not isinstance(trunk, Chain):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(
            f"a trunk of stages in a row for {purpose}",
            type(trunk).__name__,
            cure="take one of ours, such as vgg16 or resnet50",
        )
    return dict(copy.deepcopy(trunk).named_children())


def _convolution(linear: nn.Linear, channels: int) -> nn.Conv2d:
    side = isqrt(linear.in_features // channels)
    if side * side * channels != linear.in_features:
        raise UsageError(f"a linear layer on a square grid of {channels} channels", f"{linear.in_features} inputs")
    biased = "bias" in dict(linear.named_parameters())
    convolution = nn.Conv2d(channels, linear.out_features, side, bias=biased, device="meta")
    weight = linear.weight.detach().view(convolution.weight.shape)
    convolution.weight = nn.Parameter(weight, requires_grad=linear.weight.requires_grad)
    convolution.bias = linear.bias if biased else None
    return convolution
