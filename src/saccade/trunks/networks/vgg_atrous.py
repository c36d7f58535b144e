"""VGG-16 whose fully connected layers became convolutions with holes: SSD's trunk, in the manner of DeepLab.

Paper: Liu et al. 2016, SSD, arXiv 1512.02325, section 3; Chen et al. 2015, arXiv 1412.7062, section 3.1.
"""

from collections.abc import Sequence
from typing import Literal

from torch import nn

from saccade.layers.scale import scaled
from saccade.trunks.chain import Chain, named
from saccade.trunks.networks.vgg import blocks, vgg16, vgg16_bn
from saccade.trunks.surgery.spread_fc import SpreadFc, spread_fc

BODIES = {"vgg16": vgg16, "vgg16_bn": vgg16_bn}


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
    fc = SpreadFc(kernel=3, rate=6, filters=scaled(1024, width))
    stages |= spread_fc(whole.levels["pool5"].channels, fc, whole if pretrained else None)
    return Chain(stages, preprocessing=whole.preprocessing)


def atrous_trunk(layers: Sequence[nn.Module]) -> Chain:
    """A trunk of layers that run in a row, shared: VGG's, then fc6 and fc7 as convolutions, as in torchvision's SSD."""
    stages = dict(blocks(layers))
    fc6, fc7 = [layer for layer in layers if isinstance(layer, nn.Conv2d)][-2:]
    stages["fc6"], stages["fc7"] = named(conv=fc6, relu=nn.ReLU()), named(conv=fc7, relu=nn.ReLU())
    return Chain(stages)
