"""GoogLeNet's trunks: the paper's network, and torchvision's, which is normalised by batch.

Paper: Szegedy et al. 2014, Going deeper with convolutions, arXiv 1409.4842, table 1.
"""

from functools import partial
from typing import Literal

from torch import nn
from torchvision.models import GoogLeNet

from saccade.core.errors import UsageError
from saccade.core.input.preprocessing import Preprocessing
from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.blocks.inception import BranchSizes, Inception
from saccade.layers.initialise import truncated_normal, xavier
from saccade.layers.norms.response_norm import ResponseNorm
from saccade.layers.scale import scaled
from saccade.trunks.blueprint import blueprint, fill
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, levels_by_reader, named
from saccade.trunks.inputs import imagenet, minus_one_to_one

Variant = Literal["paper", "torchvision"]

BLOCKS = {
    "inception3a": BranchSizes(64, 96, 128, 16, 32, 32),
    "inception3b": BranchSizes(128, 128, 192, 32, 96, 64),
    "inception4a": BranchSizes(192, 96, 208, 16, 48, 64),
    "inception4b": BranchSizes(160, 112, 224, 24, 64, 64),
    "inception4c": BranchSizes(128, 128, 256, 24, 64, 64),
    "inception4d": BranchSizes(112, 144, 288, 32, 64, 64),
    "inception4e": BranchSizes(256, 160, 320, 32, 128, 128),
    "inception5a": BranchSizes(256, 160, 320, 32, 128, 128),
    "inception5b": BranchSizes(384, 192, 384, 48, 128, 128),
}
STEM_STRIDES = {"conv1": 2, "pool1": 4, "conv2": 4, "pool2": 8}
STRIDES = STEM_STRIDES | {name: {"3": 8, "4": 16, "5": 32}[name[-2]] for name in BLOCKS} | {"pool3": 16, "pool4": 32}
# Side of the picture on which torchvision's layers are sized.
SIDE = 224


@declared(TrunkCard(pretrained=True))
def googlenet(*, variant: Variant = "paper", pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """A stem of three convolutions, then nine blocks of four branches.

    Maps: ``conv1`` (stride 2), ``pool1`` and ``conv2`` (4), ``pool2``, ``inception3a``, ``inception3b`` (8), ``pool3``,
    ``inception4a`` … ``inception4e`` (16), ``pool4``, ``inception5a``, ``inception5b`` (32). The auxiliary classifiers
    read ``inception4a`` and ``inception4d``.

    Args:
        variant: ``paper``: biases, local response normalisation, 5 × 5 kernels. ``torchvision``: batch normalisation,
            and 3 × 3 kernels in their place.
        pretrained: Take torchvision's ImageNet weights, which exist for its own variant alone; they expect pictures
            of mean .5 and deviation .5.
        width: Factor of all channels.
        channels: Channels of the picture.

    Raises:
        UsageError: There are no weights for the variant.
    """
    if pretrained and variant == "paper":
        raise UsageError(
            "GoogLeNet's variant 'torchvision', which alone is pretrained",
            repr(variant),
            cure="write variant='torchvision' for pretrained weights",
        )
    if variant == "paper":
        trunk = _paper(width, channels)
        xavier(trunk)
        return trunk
    module = blueprint("googlenet", width, channels, side=SIDE, init_weights=False, aux_logits=False)
    if not isinstance(module, GoogLeNet):
        raise TypeError(f"torchvision's googlenet should be a GoogLeNet, found {type(module).__name__}")
    trunk = googlenet_trunk(module, minus_one_to_one(channels))
    module.fc = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
    name = "googlenet" if pretrained else None
    fill(module, partial(truncated_normal, deviation=0.01), pretrained=name, width=width, channels=channels)
    return trunk


def googlenet_trunk(module: GoogLeNet, preprocessing: Preprocessing = Chain.preprocessing) -> Chain:
    """A trunk of the layers of torchvision's GoogLeNet, shared; its three classifiers are left out."""
    stages: dict[str, nn.Module] = {
        "conv1": module.conv1,
        "pool1": module.maxpool1,
        "conv2": named(reduce=module.conv2, conv=module.conv3),
        "pool2": module.maxpool2,
    }
    blocks = {name: module.get_submodule(name) for name in BLOCKS}
    stages |= _between(blocks, module.maxpool3, module.maxpool4)
    return Chain(stages, levels_by_reader(stages, STRIDES, module.fc.in_features), preprocessing)


def _paper(width: float, channels: int) -> Chain:
    c1, c2 = scaled(64, width), scaled(192, width)
    stages: dict[str, nn.Module] = {
        "conv1": conv_relu(channels, c1, 7, stride=2, padding=3),
        "pool1": named(pool=_pool(), norm=_norm()),
        "conv2": named(reduce=conv_relu(c1, c1, 1), conv=conv_relu(c1, c2, 3, padding=1), norm=_norm()),
        "pool2": _pool(),
    }
    blocks: dict[str, nn.Module] = {}
    entry = c2
    for name, full in BLOCKS.items():
        sizes = BranchSizes(*(scaled(size, width) for size in full))
        blocks[name] = Inception(entry, sizes)
        entry = sizes.total
    stages |= _between(blocks, _pool(), _pool())
    return Chain(stages, levels_by_reader(stages, STRIDES, entry), imagenet(channels))


def _between(blocks: dict[str, nn.Module], pool3: nn.Module, pool4: nn.Module) -> dict[str, nn.Module]:
    """The blocks with the pools that stand before the first of the fours and of the fives."""
    stages: dict[str, nn.Module] = {}
    for name, block in blocks.items():
        if name in ("inception4a", "inception5a"):
            stages["pool3" if name == "inception4a" else "pool4"] = pool3 if name == "inception4a" else pool4
        stages[name] = block
    return stages


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _norm() -> nn.Module:
    # The paper does not give its constants; these are Caffe's usual ones, where alpha is divided by the five channels.
    return ResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
