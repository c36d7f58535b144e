"""U-Net's contracting path: five depths of two 3 × 3 convolutions, halved between them.

Paper: Ronneberger, Fischer, Brox 2015, U-Net: Convolutional networks for biomedical image segmentation, arXiv
1505.04597, section 2 and figure 1.
"""

from typing import Literal

from torch import nn

from saccade.layers.initialise import he_normal
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, named
from saccade.trunks.inputs import imagenet

Padding = Literal["valid", "same"]

SIZES = (64, 128, 256, 512, 1024)
# The two deepest maps are dropped from; so the released network has it, whose skip of the fourth is dropped from too.
DROPPED = (4, 5)


@declared(TrunkCard())
def unet(*, padding: Padding = "same", width: float = 1.0, channels: int = 3) -> Chain:
    """The contracting path.

    Maps: ``conv1`` … ``conv5``, of 64 to 1024 channels, and ``pool1`` … ``pool4`` between them.

    Args:
        padding: ``same``: maps keep their size, so that pictures may be small. ``valid``: each convolution cuts off a
            position on every side, as in the paper: 572 pixels a side leave 28 positions of the deepest map.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    stages: dict[str, nn.Module] = {}
    before = channels
    for depth, size in enumerate(SIZES, 1):
        if depth > 1:
            stages[f"pool{depth - 1}"] = nn.MaxPool2d(2)
        after = scaled(size, width)
        stages[f"conv{depth}"] = two_convolutions(before, after, padding, dropped=depth in DROPPED)
        before = after
    trunk = Chain(stages, preprocessing=imagenet(channels))
    he_normal(trunk)
    return trunk


def two_convolutions(entry: int, size: int, padding: Padding, *, dropped: bool = False) -> nn.Sequential:
    """Two 3 × 3 convolutions with ReLU, as U-Net has them at each depth on both paths.

    Args:
        entry: Channels that they read.
        size: Channels that they make.
        padding: Whether they keep the map's size (``same``), or cut off two positions on every side (``valid``).
        dropped: Whether half of what they make is dropped in training.
    """
    rim = 1 if padding == "same" else 0
    layers = named(
        conv1=nn.Conv2d(entry, size, 3, padding=rim),
        relu1=nn.ReLU(inplace=True),
        conv2=nn.Conv2d(size, size, 3, padding=rim),
        relu2=nn.ReLU(inplace=True),
    )
    if dropped:
        layers.add_module("dropout", nn.Dropout(0.5))
    return layers
