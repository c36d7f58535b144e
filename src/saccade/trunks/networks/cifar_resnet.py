"""Residual networks for pictures of 32 × 32 pixels: 6 n + 2 layers, whose shortcuts have no weights.

Paper: He, Zhang, Ren, Sun 2015, Deep residual learning for image recognition, arXiv 1512.03385, section 4.2.
"""

from torch import nn

from saccade.core.errors import UsageError
from saccade.layers.blocks.residual import PlainShortcutBlock
from saccade.layers.initialise import kaiming
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, named
from saccade.trunks.inputs import imagenet


def cifar_resnet(depth: int, *, width: float = 1.0, channels: int = 3) -> Chain:
    """A normalised convolution, then three stages of n blocks with 16, 32 and 64 channels.

    Maps: ``stem`` and ``layer1`` (stride 1), ``layer2`` (2), ``layer3`` (4).

    Args:
        depth: Layers with weights, the class layer among them: 6 n + 2.
        width: Factor of all channels.
        channels: Channels of the picture.

    Raises:
        UsageError: The depth is not 6 n + 2.
    """
    if depth < 8 or (depth - 2) % 6:
        raise UsageError("a depth of 6 n + 2 layers", depth)
    c1, c2, c3 = (scaled(size, width) for size in (16, 32, 64))
    blocks = (depth - 2) // 6
    stem = named(conv=nn.Conv2d(channels, c1, 3, padding=1, bias=False), norm=nn.BatchNorm2d(c1), relu=nn.ReLU())
    trunk = Chain(
        {
            "stem": stem,
            "layer1": _stage(c1, c1, blocks, stride=1),
            "layer2": _stage(c1, c2, blocks, stride=2),
            "layer3": _stage(c2, c3, blocks, stride=2),
        },
        preprocessing=imagenet(channels),
    )
    kaiming(trunk)
    return trunk


@declared(TrunkCard())
def resnet20(*, width: float = 1.0, channels: int = 3) -> Chain:
    """20 layers. See `cifar_resnet`."""
    return cifar_resnet(20, width=width, channels=channels)


@declared(TrunkCard())
def resnet32(*, width: float = 1.0, channels: int = 3) -> Chain:
    """32 layers. See `cifar_resnet`."""
    return cifar_resnet(32, width=width, channels=channels)


@declared(TrunkCard())
def resnet44(*, width: float = 1.0, channels: int = 3) -> Chain:
    """44 layers. See `cifar_resnet`."""
    return cifar_resnet(44, width=width, channels=channels)


@declared(TrunkCard())
def resnet56(*, width: float = 1.0, channels: int = 3) -> Chain:
    """56 layers. See `cifar_resnet`."""
    return cifar_resnet(56, width=width, channels=channels)


@declared(TrunkCard())
def resnet110(*, width: float = 1.0, channels: int = 3) -> Chain:
    """110 layers. See `cifar_resnet`."""
    return cifar_resnet(110, width=width, channels=channels)


def _stage(entry: int, size: int, blocks: int, stride: int) -> nn.Sequential:
    first = PlainShortcutBlock(entry, size, stride)
    return nn.Sequential(first, *(PlainShortcutBlock(size, size) for _ in range(blocks - 1)))
