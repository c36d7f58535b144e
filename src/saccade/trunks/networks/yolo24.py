"""YOLO's trunk: 24 convolutions, whose 1 × 1 layers make the 3 × 3 ones cheaper.

Paper: Redmon, Divvala, Girshick, Farhadi 2015, You only look once, arXiv 1506.02640, figure 3.
"""

from torch import nn

from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.initialise import kaiming
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain
from saccade.trunks.inputs import zero_to_one

LEAK = 0.1
# A block's convolutions as (side of the kernels, channels); blocks 1 to 4 end in a pool that halves.
BLOCKS: tuple[tuple[tuple[int, int], ...], ...] = (
    ((7, 64),),
    ((3, 192),),
    ((1, 128), (3, 256), (1, 256), (3, 512)),
    ((1, 256), (3, 512)) * 4 + ((1, 512), (3, 1024)),
    ((1, 512), (3, 1024)) * 2,
    ((3, 1024), (3, 1024)),
    ((3, 1024), (3, 1024)),
)
POOLED = 4
# The first convolution halves, and so does the second of block 6.
HALVING = ((1, 1), (6, 2))


@declared(TrunkCard())
def yolo24(*, blocks: int = len(BLOCKS), width: float = 1.0, channels: int = 3) -> Chain:
    """YOLO's convolutions, with leaky rectifiers and without normalisation.

    Maps: the last convolution of each block, ``conv1`` … ``conv7``, and ``pool1`` … ``pool4``; ``conv5`` has stride 32,
    ``conv7`` 64.

    Args:
        blocks: How many blocks there are; the first 5, of 20 convolutions, are those that learn ImageNet.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    stages: dict[str, nn.Module] = {}
    entry = channels
    for block, layers in enumerate(BLOCKS[:blocks], 1):
        stage = nn.Sequential()
        for place, (kernel, size) in enumerate(layers, 1):
            stride = 2 if (block, place) in HALVING else 1
            size = scaled(size, width)
            stage.append(conv_relu(entry, size, kernel, stride=stride, padding=kernel // 2, leak=LEAK))
            entry = size
        stages[f"conv{block}"] = stage
        if block <= POOLED:
            stages[f"pool{block}"] = nn.MaxPool2d(2)
    trunk = Chain(stages, preprocessing=zero_to_one(channels))
    kaiming(trunk)
    return trunk
