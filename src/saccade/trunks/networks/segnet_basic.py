"""SegNet-Basic's encoder: four 7 × 7 convolutions of 64 channels, each normalised by batch and pooled.

Paper: Badrinarayanan, Kendall, Cipolla 2015, SegNet, arXiv 1511.00561, section 3.3; layers as in the authors'
segnet_basic_train.prototxt.
"""

from torch import nn

from saccade.layers.initialise import he_normal
from saccade.layers.norms.response_norm import ResponseNorm
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, named
from saccade.trunks.inputs import bytes_as_they_are

SIZE, DEPTHS, KERNEL = 64, 4, 7


@declared(TrunkCard())
def segnet_basic(*, width: float = 1.0, channels: int = 3) -> Chain:
    """The encoder, for pictures on the scale 0..255, which it normalises by their channels first.

    Maps: ``conv1`` … ``conv4`` and ``pool1`` … ``pool4``. Pools keep a last row or column without a partner, as Caffe's
    do: 360 pixels become 180, 90, 45 and 23 positions.

    Args:
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    size = scaled(SIZE, width)
    stages: dict[str, nn.Module] = {}
    for depth in range(1, DEPTHS + 1):
        layers: dict[str, nn.Module] = {"contrast": ResponseNorm(5, 1e-4, 0.75)} if depth == 1 else {}
        layers["conv"] = nn.Conv2d(channels if depth == 1 else size, size, KERNEL, padding=KERNEL // 2)
        layers |= {"norm": nn.BatchNorm2d(size), "relu": nn.ReLU(inplace=True)}
        stages |= {f"conv{depth}": named(**layers), f"pool{depth}": nn.MaxPool2d(2, ceil_mode=True)}
    trunk = Chain(stages, preprocessing=bytes_as_they_are(channels))
    he_normal(trunk)
    return trunk
