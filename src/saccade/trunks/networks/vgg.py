"""VGG's trunks: blocks of 3 × 3 convolutions, halved between them, then two wide fully connected layers.

Paper: Simonyan, Zisserman 2014, Very deep convolutional networks for large-scale image recognition, arXiv 1409.1556.
"""

from collections.abc import Iterable
from functools import partial

from torch import nn
from torchvision.models import VGG

from saccade.core.input.preprocessing import Preprocessing
from saccade.layers.initialise import kaiming, normal_linear
from saccade.trunks.blueprint import blueprint, fill
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage, kind_of, named
from saccade.trunks.inputs import imagenet

# The first four convolutions of configuration A, and the map that each belongs to there.
FIRST_OF_A = {"conv1_1": "conv1_1", "conv2_1": "conv2_1", "conv3_1": "conv3_2", "conv3_2": "conv3_2"}


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg11(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration A: 8 convolutions. See `vgg16` for the arguments."""
    return _vgg("vgg11", pretrained, width, channels, fc)


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg13(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration B: 10 convolutions. See `vgg16` for the arguments."""
    return _vgg("vgg13", pretrained, width, channels, fc)


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg16(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration D: 13 convolutions.

    Maps: the last convolution of each block, ``conv1_2`` … ``conv5_3``, each block's ``pool1`` … ``pool5``, and
    ``fc6``, ``fc7`` with one position.

    Args:
        pretrained: Take torchvision's ImageNet weights.
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layers are there; without them 119 million parameters fall away.
    """
    return _vgg("vgg16", pretrained, width, channels, fc)


@declared(TrunkCard(fully_connected=True))
def vgg16c(*, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration C: 13 convolutions, the third of blocks 3 to 5 1 × 1. See `vgg16` for the arguments."""
    return _vgg("vgg16", False, width, channels, fc, pointwise=True)


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg19(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration E: 16 convolutions. See `vgg16` for the arguments."""
    return _vgg("vgg19", pretrained, width, channels, fc)


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg11_bn(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration A with batch normalisation. See `vgg16_bn`."""
    return _vgg("vgg11_bn", pretrained, width, channels, fc)


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg13_bn(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration B with batch normalisation. See `vgg16_bn`."""
    return _vgg("vgg13_bn", pretrained, width, channels, fc)


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg16_bn(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration D whose convolutions are normalised by batch, as the paper, a year too early, could not.

    It learns from nothing where `vgg16` stands still. Maps and arguments are those of `vgg16`.
    """
    return _vgg("vgg16_bn", pretrained, width, channels, fc)


@declared(TrunkCard(fully_connected=True, pretrained=True))
def vgg19_bn(*, pretrained: bool = False, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Configuration E with batch normalisation. See `vgg16_bn`."""
    return _vgg("vgg19_bn", pretrained, width, channels, fc)


def vgg_trunk(module: VGG, preprocessing: Preprocessing = Chain.preprocessing, *, fc: bool = True) -> Chain:
    """A trunk of the layers of torchvision's VGG, shared; the last layer, which scores classes, is left out."""
    stages = dict(blocks(module.features.children()))
    if fc:
        layers = list(module.classifier)
        rate = next(layer.p for layer in layers if isinstance(layer, nn.Dropout))
        fc6, fc7 = [layer for layer in layers if isinstance(layer, nn.Linear)][:2]
        stages["fc6"] = dense_stage(fc6, grid=7, after=rate)
        stages["fc7"] = dense_stage(fc7, after=rate)
    return Chain(stages, preprocessing=preprocessing)


def blocks(layers: Iterable[nn.Module]) -> list[tuple[str, nn.Module]]:
    """Stages ``convB_n`` and ``poolB`` of block B, whose n convolutions end in a pooling; what follows is left out."""
    stages: list[tuple[str, nn.Module]] = []
    block, number, inner = 1, 0, dict[str, nn.Module]()
    for layer in layers:
        if isinstance(layer, nn.MaxPool2d):
            stages += [(f"conv{block}_{number}", named(**inner)), (f"pool{block}", layer)]
            block, number, inner = block + 1, 0, {}
            continue
        number += isinstance(layer, nn.Conv2d)
        inner[f"{kind_of(layer)}{block}_{number}"] = layer
    return stages


def _vgg(name: str, pretrained: bool, width: float, channels: int, fc: bool, pointwise: bool = False) -> Chain:
    module = blueprint(name, width, channels)
    if not isinstance(module, VGG):
        raise TypeError(f"torchvision's {name} should be a VGG, found {type(module).__name__}")
    if pointwise:
        _narrow_third_kernels(module.features)
    module.classifier = module.classifier[:-1] if fc else nn.Sequential()
    fill(module, partial(_begin, width=width), pretrained=name if pretrained else None, width=width, channels=channels)
    trunk = vgg_trunk(module, imagenet(channels), fc=fc)
    if not name.startswith("vgg11"):
        trunk.names_in_relative = _initialised_by_a(trunk)
    return trunk


def _initialised_by_a(trunk: Chain) -> dict[str, str]:
    """Weights that B to E may take from a trained A (section 3.1), under their names there."""
    names = [name for name, _ in trunk.named_parameters()]
    layers = {name: name.split(".", 1) for name in names}
    convolutions = {
        name: f"{FIRST_OF_A[layer.split('.')[0]]}.{layer}"
        for name, (_, layer) in layers.items()
        if layer.split(".")[0] in FIRST_OF_A
    }
    return convolutions | {name: name for name in names if name.startswith("fc")}


def _narrow_third_kernels(features: nn.Module) -> None:
    """Let the third convolution of each block see one position alone; the module has no memory yet."""
    number = 0
    for place, layer in enumerate(features.children()):
        number = 0 if isinstance(layer, nn.MaxPool2d) else number + isinstance(layer, nn.Conv2d)
        if isinstance(layer, nn.Conv2d) and number == 3:
            features.add_module(str(place), nn.Conv2d(layer.in_channels, layer.out_channels, 1, device="meta"))


def _begin(module: nn.Module, width: float) -> None:
    kaiming(module)
    normal_linear(module, width=width)
