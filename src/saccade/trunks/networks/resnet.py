"""Residual networks: blocks that add what they compute to what they got.

Paper: He, Zhang, Ren, Sun 2015, Deep residual learning for image recognition, arXiv 1512.03385. torchvision halves in
the 3 × 3 convolution of a bottleneck, the authors' Caffe model in the first 1 × 1.
"""

from torch import nn
from torchvision.models import ResNet

from saccade.core.input.preprocessing import Preprocessing
from saccade.layers.initialise import kaiming
from saccade.trunks.blueprint import blueprint, fill
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, named
from saccade.trunks.inputs import imagenet


@declared(TrunkCard(pretrained=True))
def resnet18(*, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """18 layers of basic blocks. See `resnet50` for the arguments."""
    return _resnet("resnet18", pretrained, width, channels)


@declared(TrunkCard(pretrained=True))
def resnet34(*, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """34 layers of basic blocks. See `resnet50` for the arguments."""
    return _resnet("resnet34", pretrained, width, channels)


@declared(TrunkCard(pretrained=True))
def resnet50(*, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """50 layers of bottleneck blocks.

    Maps: ``stem`` (stride 2), ``pool1`` and ``layer1`` (4), ``layer2`` (8), ``layer3`` (16), ``layer4`` (32).

    Args:
        pretrained: Take torchvision's ImageNet weights.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    return _resnet("resnet50", pretrained, width, channels)


@declared(TrunkCard(pretrained=True))
def resnet101(*, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """101 layers of bottleneck blocks. See `resnet50` for the arguments."""
    return _resnet("resnet101", pretrained, width, channels)


@declared(TrunkCard(pretrained=True))
def resnet152(*, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """152 layers of bottleneck blocks. See `resnet50` for the arguments."""
    return _resnet("resnet152", pretrained, width, channels)


def resnet_trunk(module: ResNet, preprocessing: Preprocessing = Chain.preprocessing) -> Chain:
    """A trunk of the layers of torchvision's ResNet, shared; pooling and the last layer are left out."""
    stages: dict[str, nn.Module] = {
        "stem": named(conv=module.conv1, norm=module.bn1, relu=module.relu),
        "pool1": module.maxpool,
    }
    stages |= {name: getattr(module, name) for name in ("layer1", "layer2", "layer3", "layer4")}
    return Chain(stages, preprocessing=preprocessing)


def _resnet(name: str, pretrained: bool, width: float, channels: int) -> Chain:
    module = blueprint(name, width, channels)
    if not isinstance(module, ResNet):
        raise TypeError(f"torchvision's {name} should be a ResNet, found {type(module).__name__}")
    module.fc = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
    fill(module, kaiming, pretrained=name if pretrained else None, width=width, channels=channels)
    return resnet_trunk(module, imagenet(channels))
