"""CaffeNet: AlexNet as Caffe's users have it, pooled before it is normalised; the trunk of R-CNN.

Code: Jia et al. 2014, Caffe, bvlc_reference_caffenet.
"""

from torch import nn

from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.initialise import normal, normal_linear
from saccade.layers.norms.response_norm import ResponseNorm
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage, named
from saccade.trunks.inputs import raw_pixels

# Of the weights that fc6 and fc7 begin with.
DENSE_DEVIATION = 0.005


@declared(TrunkCard(fully_connected=True))
def caffenet(*, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Five convolutions, three of them in two groups, and two fully connected layers.

    Maps: ``conv1``, ``pool1``, ``conv2``, ``pool2``, ``conv3``, ``conv4``, ``conv5``, ``pool5``, and ``fc6``, ``fc7``
    with one position. Normalisation belongs to the pool before it. Pools take a last window that is cut by the border,
    as Caffe's do.

    Args:
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layers are there.
    """
    c1, c2, c3, dense = (scaled(size, width) for size in (96, 256, 384, 4096))
    stages: dict[str, nn.Module] = {
        "conv1": conv_relu(channels, c1, 11, stride=4),
        "pool1": _pool_norm(),
        "conv2": conv_relu(c1, c2, 5, padding=2, groups=2),
        "pool2": _pool_norm(),
        "conv3": conv_relu(c2, c3, 3, padding=1),
        "conv4": conv_relu(c3, c3, 3, padding=1, groups=2),
        "conv5": conv_relu(c3, c2, 3, padding=1, groups=2),
        "pool5": nn.MaxPool2d(3, 2, ceil_mode=True),
    }
    if fc:
        stages["fc6"] = dense_stage(nn.Linear(c2 * 6 * 6, dense), grid=6, after=0.5)
        stages["fc7"] = dense_stage(nn.Linear(dense, dense), after=0.5)
    trunk = Chain(stages, preprocessing=raw_pixels(channels))
    _begin(trunk, width)
    return trunk


def _begin(trunk: nn.Module, width: float) -> None:
    """As train_val.prototxt says: deviation .01, of fc6 and fc7 .005; biases 1, but 0 in conv1 and conv3.

    R-CNN's files say the same. A later copy of Caffe's has biases of .4 in the place of 1.
    """
    normal(trunk, width=width, reads_pictures=True)
    normal_linear(trunk, DENSE_DEVIATION, width=width)
    for name, layer in trunk.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.constant_(layer.bias, 0.0 if name.split(".")[0] in ("conv1", "conv3") else 1.0)


def _pool_norm() -> nn.Sequential:
    # Caffe divides alpha by the window's five channels, as torch does.
    return named(pool=nn.MaxPool2d(3, 2, ceil_mode=True), norm=ResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0))
