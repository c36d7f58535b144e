"""VGG-16 whose fully connected layers became convolutions with holes: SSD's trunk, in the manner of DeepLab.

Paper: Liu et al. 2016, SSD, arXiv 1512.02325, section 3; Chen et al. 2015, arXiv 1412.7062, section 3.1.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from saccade.layers.initialise import xavier
from saccade.layers.scale import scaled
from saccade.trunks.chain import Chain, named
from saccade.trunks.networks.vgg import blocks, vgg16, vgg16_bn

BODIES = {"vgg16": vgg16, "vgg16_bn": vgg16_bn}
# Of ImageNet's fc6, 4096 filters of 7 × 7 positions, every fourth filter and every third position stay.
FILTERS, POSITIONS = 4, 3


Body = Literal["vgg16", "vgg16_bn"]


def vgg16_atrous(body: Body = "vgg16", *, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """VGG-16 of stride 16: pool5 keeps its map's size, fc6 is a 3 × 3 convolution of dilation 6, fc7 one of 1 × 1.

    Maps: those of `vgg16`, with ``fc6`` and ``fc7`` of 1024 channels at stride 16; pool3 rounds sizes up.

    Args:
        body: As the papers have it, or normalised by batch.
        pretrained: Take torchvision's ImageNet weights; fc6 and fc7 are subsampled from the fully connected layers.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    whole = BODIES[body](pretrained=pretrained, width=width, channels=channels, fc=pretrained)
    stages = dict(whole.named_children())
    stages["pool3"] = nn.MaxPool2d(2, 2, ceil_mode=True)
    stages["pool5"] = nn.MaxPool2d(3, 1, 1)
    entry, size = whole.levels["pool5"].channels, scaled(1024, width)
    fc6, fc7 = nn.Conv2d(entry, size, 3, padding=6, dilation=6), nn.Conv2d(size, size, 1)
    xavier(nn.ModuleList([fc6, fc7]))
    if pretrained:
        _subsample(fc6, stages["fc6"].get_submodule("linear"), 7, POSITIONS)
        _subsample(fc7, stages["fc7"].get_submodule("linear"), 1, FILTERS)
    stages["fc6"], stages["fc7"] = named(conv=fc6, relu=nn.ReLU()), named(conv=fc7, relu=nn.ReLU())
    return Chain(stages, preprocessing=whole.preprocessing)


def atrous_trunk(layers: Sequence[nn.Module]) -> Chain:
    """A trunk of layers that run in a row, shared: VGG's, then fc6 and fc7 as convolutions, as in torchvision's SSD."""
    stages = dict(blocks(layers))
    fc6, fc7 = [layer for layer in layers if isinstance(layer, nn.Conv2d)][-2:]
    stages["fc6"], stages["fc7"] = named(conv=fc6, relu=nn.ReLU()), named(conv=fc7, relu=nn.ReLU())
    return Chain(stages)


def _subsample(conv: nn.Conv2d, linear: nn.Module, grid: int, step: int) -> None:
    """Fill a convolution from a fully connected layer that read `grid` positions a side.

    Every fourth output stays; of fc6's inputs every third position, of fc7's every fourth channel.
    """
    weight, bias = linear.get_parameter("weight").detach(), linear.get_parameter("bias").detach()
    whole = weight.view(len(weight), -1, grid, grid)[::FILTERS]
    part: Tensor = whole[:, :, ::step, ::step] if grid > 1 else whole[:, ::step]
    with torch.no_grad():
        conv.weight.copy_(part)
        conv.get_parameter("bias").copy_(bias[::FILTERS])
