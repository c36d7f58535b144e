"""AlexNet's trunks: the paper's two-column network, and torchvision's single column.

Paper: Krizhevsky, Sutskever, Hinton 2012, ImageNet classification with deep convolutional neural networks;
torchvision's is Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks, arXiv 1404.5997.
"""

from functools import partial
from typing import Literal

import torch
from torch import nn
from torchvision.models import AlexNet

from saccade.core.errors import UsageError
from saccade.core.input.preprocessing import Preprocessing
from saccade.layers.initialise import default, normal
from saccade.layers.norms.response_norm import ResponseNorm
from saccade.layers.scale import rescale
from saccade.trunks.blueprint import blueprint, fill
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage, kind_of, named
from saccade.trunks.inputs import imagenet, raw_pixels

Variant = Literal["paper", "torchvision"]


@declared(TrunkCard(fully_connected=True, pretrained=True))
def alexnet(
    *,
    variant: Variant = "paper",
    pretrained: bool = False,
    width: float = 1.0,
    channels: int = 3,
    fc: bool = True,
) -> Chain:
    """Five convolutions and two fully connected layers.

    Maps: ``conv1``, ``pool1``, ``conv2``, ``pool2``, ``conv3``, ``conv4``, ``conv5``, ``pool5``, and ``fc6``, ``fc7``
    with one position. Normalisation belongs to the convolution before it.

    Args:
        variant: ``paper``: convolutions in two groups, local response normalisation, outputs of fc6 and fc7 dropped.
            ``torchvision``: neither of the first two, and what fc6 and fc7 read is dropped.
        pretrained: Take torchvision's ImageNet weights, which exist for its own variant alone.
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layers are there.

    Raises:
        UsageError: There are no weights for the variant.
    """
    if pretrained and variant == "paper":
        raise UsageError(
            "AlexNet's variant 'torchvision', which alone is pretrained",
            repr(variant),
            cure="write variant='torchvision' for pretrained weights",
        )
    if variant == "torchvision":
        module = blueprint("alexnet", width, channels)
    else:
        with torch.device("meta"):
            module = rescale(_paper(), width, channels)
    if not isinstance(module, AlexNet):
        raise TypeError(f"torchvision's alexnet should be an AlexNet, found {type(module).__name__}")
    module.classifier = module.classifier[:-1] if fc else nn.Sequential()
    begin = partial(_begin_paper, width=width) if variant == "paper" else default
    fill(module, begin, pretrained="alexnet" if pretrained else None, width=width, channels=channels)
    preprocessing = raw_pixels(channels) if variant == "paper" else imagenet(channels)
    return alexnet_trunk(module, preprocessing, fc=fc)


def alexnet_trunk(module: AlexNet, preprocessing: Preprocessing = Chain.preprocessing, *, fc: bool = True) -> Chain:
    """A trunk of the layers of torchvision's AlexNet, shared; the last layer, which scores classes, is left out."""
    stages: dict[str, nn.Module] = {}
    number, inner = 0, dict[str, nn.Module]()
    for layer in module.features:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d) and inner:
            stages[f"conv{number}"], inner = named(**inner), {}
        if isinstance(layer, nn.MaxPool2d):
            stages[f"pool{number}"] = layer
            continue
        number += isinstance(layer, nn.Conv2d)
        inner[kind_of(layer)] = layer
    if fc:
        layers = list(module.classifier)
        rate = next(layer.p for layer in layers if isinstance(layer, nn.Dropout))
        fc6, fc7 = [layer for layer in layers if isinstance(layer, nn.Linear)][:2]
        before, after = (0.0, rate) if layers[0] is fc6 else (rate, 0.0)
        stages["fc6"] = dense_stage(fc6, grid=6, before=before, after=after)
        stages["fc7"] = dense_stage(fc7, before=before, after=after)
    return Chain(stages, preprocessing=preprocessing)


def _paper() -> AlexNet:
    """The paper's layers in torchvision's module.

    The paper sums squares over five neighbouring channels; torch averages them, so its alpha is five times as large.
    It drops outputs of the first two fully connected layers (section 4.2), torchvision what these two read.
    """
    module = AlexNet()

    def norm() -> nn.Module:
        return ResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)

    def relu() -> nn.Module:
        return nn.ReLU(inplace=True)

    module.features = nn.Sequential(
        *(nn.Conv2d(3, 96, 11, stride=4), relu(), norm(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(96, 256, 5, padding=2, groups=2), relu(), norm(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(256, 384, 3, padding=1), relu()),
        *(nn.Conv2d(384, 384, 3, padding=1, groups=2), relu()),
        *(nn.Conv2d(384, 256, 3, padding=1, groups=2), relu(), nn.MaxPool2d(3, 2)),
    )
    fc6, fc7, fc8 = [layer for layer in module.classifier if isinstance(layer, nn.Linear)]
    module.classifier = nn.Sequential(fc6, relu(), nn.Dropout(0.5), fc7, relu(), nn.Dropout(0.5), fc8)
    return module


def _begin_paper(module: nn.Module, width: float) -> None:
    """Weights from N(0, .01); biases 1 in the second, fourth and fifth convolution and the hidden layers, else 0."""
    normal(module, width=width, reads_pictures=True)
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    for place, layer in enumerate(layers):
        if layer.bias is not None:
            nn.init.constant_(layer.bias, 0.0 if place in (0, 2) else 1.0)
