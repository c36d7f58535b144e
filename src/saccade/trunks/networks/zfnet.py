"""ZFNet, also ZF-5: AlexNet with smaller windows and steps in its first layers; the trunk of SPP-net.

Paper: Zeiler, Fergus 2013, Visualizing and understanding convolutional networks, arXiv 1311.2901, figure 3.
"""

from torch import nn

from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.initialise import normal
from saccade.layers.norms.response_norm import ResponseNorm
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage, named
from saccade.trunks.inputs import raw_pixels


@declared(TrunkCard(fully_connected=True))
def zfnet(*, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Five convolutions without groups, and two fully connected layers.

    Maps: ``conv1``, ``pool1``, ``conv2``, ``pool2``, ``conv3``, ``conv4``, ``conv5``, ``pool5``, and ``fc6``, ``fc7``
    with one position. ``conv5`` has stride 16, and 13 × 13 positions of 224 × 224 pixels. Normalisation belongs to the
    pool before it; the paper does not give its constants, which are AlexNet's here.

    Args:
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layers are there.
    """
    c1, c2, c3, dense = (scaled(size, width) for size in (96, 256, 384, 4096))
    stages: dict[str, nn.Module] = {
        "conv1": conv_relu(channels, c1, 7, stride=2, padding=1),
        "pool1": _pool_norm(),
        "conv2": conv_relu(c1, c2, 5, stride=2),
        "pool2": _pool_norm(),
        "conv3": conv_relu(c2, c3, 3, padding=1),
        "conv4": conv_relu(c3, c3, 3, padding=1),
        "conv5": conv_relu(c3, c2, 3, padding=1),
        "pool5": nn.MaxPool2d(3, 2),
    }
    if fc:
        stages["fc6"] = dense_stage(nn.Linear(c2 * 6 * 6, dense), grid=6, after=0.5)
        stages["fc7"] = dense_stage(nn.Linear(dense, dense), after=0.5)
    trunk = Chain(stages, preprocessing=raw_pixels(channels))
    normal(trunk, width=width, reads_pictures=True)
    return trunk


def _pool_norm() -> nn.Sequential:
    return named(pool=nn.MaxPool2d(3, 2, padding=1), norm=ResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0))
