"""The two-convolution network with which a lecture introduces the field."""

from torch import nn

from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage
from saccade.trunks.inputs import imagenet

# Positions a side of the second pool of a 224 × 224 picture: 224, 220, 110, 106, 53.
GRID = 53


@declared(TrunkCard(fully_connected=True))
def lecture_cnn(*, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Two unpadded 5 × 5 convolutions of 6 and 16 channels, each halved, and a fully connected layer of 120.

    Maps: ``conv1``, ``pool1``, ``conv2``, ``pool2``, and ``fc1`` with one position.

    Args:
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layer is there; without it 3 thousand of 5.4 million parameters remain.
    """
    c1, c2, dense = (scaled(size, width) for size in (6, 16, 120))
    stages: dict[str, nn.Module] = {
        "conv1": conv_relu(channels, c1, 5),
        "pool1": nn.MaxPool2d(2),
        "conv2": conv_relu(c1, c2, 5),
        "pool2": nn.MaxPool2d(2),
    }
    if fc:
        stages["fc1"] = dense_stage(nn.Linear(c2 * GRID * GRID, dense), grid=GRID)
    return Chain(stages, preprocessing=imagenet(channels))
