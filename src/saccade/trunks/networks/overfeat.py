"""OverFeat's trunks: the fast and the accurate network, read window by window or densely.

Paper: Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun 2013, OverFeat, arXiv 1312.6229, tables 1 and 3.
"""

from typing import Literal

from torch import nn

from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.initialise import normal
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage
from saccade.trunks.inputs import raw_pixels

Variant = Literal["fast", "accurate"]


@declared(TrunkCard(fully_connected=True))
def overfeat(*, variant: Variant = "fast", width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Convolutions with pools that do not overlap, and two fully connected layers; no contrast normalisation.

    Maps of ``fast``: ``conv1``, ``pool1``, ``conv2``, ``pool2``, ``conv3``, ``conv4``, ``conv5``, ``pool5``, and
    ``fc6``, ``fc7`` with one position. ``accurate`` has one convolution more: ``pool6``, ``fc7``, ``fc8`` are its last.

    Args:
        variant: ``fast``: windows of 231 pixels, 32 apart. ``accurate``: windows of 221 pixels, 36 apart.
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layers are there.
    """
    stages = _fast(channels, width, fc) if variant == "fast" else _accurate(channels, width, fc)
    trunk = Chain(stages, preprocessing=raw_pixels(channels))
    normal(trunk, width=width, reads_pictures=True)
    return trunk


def _fast(channels: int, width: float, fc: bool) -> dict[str, nn.Module]:
    c1, c2, c3, c4, f6, f7 = (scaled(size, width) for size in (96, 256, 512, 1024, 3072, 4096))
    stages: dict[str, nn.Module] = {
        "conv1": conv_relu(channels, c1, 11, stride=4),
        "pool1": nn.MaxPool2d(2),
        "conv2": conv_relu(c1, c2, 5),
        "pool2": nn.MaxPool2d(2),
        "conv3": conv_relu(c2, c3, 3, padding=1),
        "conv4": conv_relu(c3, c4, 3, padding=1),
        "conv5": conv_relu(c4, c4, 3, padding=1),
        "pool5": nn.MaxPool2d(2),
    }
    if fc:
        stages["fc6"] = dense_stage(nn.Linear(c4 * 6 * 6, f6), grid=6, after=0.5)
        stages["fc7"] = dense_stage(nn.Linear(f6, f7), after=0.5)
    return stages


def _accurate(channels: int, width: float, fc: bool) -> dict[str, nn.Module]:
    c1, c2, c3, c5, dense = (scaled(size, width) for size in (96, 256, 512, 1024, 4096))
    stages: dict[str, nn.Module] = {
        "conv1": conv_relu(channels, c1, 7, stride=2),
        "pool1": nn.MaxPool2d(3),
        "conv2": conv_relu(c1, c2, 7),
        "pool2": nn.MaxPool2d(2),
        "conv3": conv_relu(c2, c3, 3, padding=1),
        "conv4": conv_relu(c3, c3, 3, padding=1),
        "conv5": conv_relu(c3, c5, 3, padding=1),
        "conv6": conv_relu(c5, c5, 3, padding=1),
        "pool6": nn.MaxPool2d(3),
    }
    if fc:
        stages["fc7"] = dense_stage(nn.Linear(c5 * 5 * 5, dense), grid=5, after=0.5)
        stages["fc8"] = dense_stage(nn.Linear(dense, dense), after=0.5)
    return stages
