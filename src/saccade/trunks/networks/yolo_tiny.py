"""The small trunk of Darknet's tiny YOLO: eight normalised convolutions, most of them before a pool.

Source: the configuration that was released beside Redmon et al. 2015, arXiv 1506.02640, as Fast YOLO.
"""

from torch import nn

from saccade.layers.blocks.convolution import rectifier
from saccade.layers.initialise import kaiming
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, named
from saccade.trunks.inputs import zero_to_one
from saccade.trunks.networks.yolo24 import LEAK

# Channels of each convolution; all but the last two end in a pool that halves.
SIZES = (16, 32, 64, 128, 256, 512, 1024, 256)
POOLED = 6


@declared(TrunkCard())
def yolo_tiny(*, width: float = 1.0, channels: int = 3) -> Chain:
    """Eight convolutions of 3 × 3 with batch normalisation and leaky rectifiers.

    Maps: ``conv1`` … ``conv8`` and ``pool1`` … ``pool6``; ``conv6`` has stride 32, ``conv8`` 64.

    Args:
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    stages: dict[str, nn.Module] = {}
    entry = channels
    for number, size in enumerate(SIZES, 1):
        size = scaled(size, width)
        conv = nn.Conv2d(entry, size, 3, padding=1, bias=False)
        stages[f"conv{number}"] = named(conv=conv, norm=nn.BatchNorm2d(size), relu=rectifier(LEAK))
        if number <= POOLED:
            stages[f"pool{number}"] = nn.MaxPool2d(2)
        entry = size
    trunk = Chain(stages, preprocessing=zero_to_one(channels))
    kaiming(trunk)
    return trunk
