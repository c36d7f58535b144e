"""LeNet-5's trunks: the paper's, and the plain one that most people mean today.

Paper: LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition.
"""

from typing import Literal

from torch import nn

from saccade.core.input.preprocessing import Preprocessing
from saccade.layers.blocks.lenet import ScaledTanh, Subsample, TableConv2d
from saccade.layers.initialise import uniform_by_fan_in
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, named

Variant = Literal["paper", "modern"]

# Black becomes -.1 and white 1.175, so that digits have mean 0 and variance 1 or so.
BLACK, WHITE = -0.1, 1.175

# Which maps of S2 each of the 16 maps of C3 sees (the paper's table I).
TABLE = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
)


@declared(TrunkCard())
def lenet5(*, variant: Variant = "paper", width: float = 1.0, channels: int = 1) -> Chain:
    """LeNet-5 up to its last hidden layer, for pictures of 32 × 32 pixels.

    Maps: ``c1``, ``s2``, ``c3``, ``s4``, ``c5``, and ``f6`` with one position. Larger pictures are averaged before F6.

    Args:
        variant: ``paper``: trainable subsampling, C3 by the table of connections, scaled tangent. ``modern``: maximum
            pooling, all connections, ReLU.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    sizes = tuple(scaled(size, width) for size in (6, 16, 120, 84))
    stages = _paper(channels, *sizes) if variant == "paper" else _modern(channels, *sizes)
    deviation = 1 / (WHITE - BLACK)
    digits = Preprocessing((-BLACK * deviation,) * channels, (deviation,) * channels)
    trunk = Chain(stages, preprocessing=digits)
    if variant == "paper":
        uniform_by_fan_in(trunk)
    return trunk


def _paper(channels: int, c1: int, c3: int, c5: int, f6: int) -> dict[str, nn.Module]:
    return {
        "c1": named(conv=nn.Conv2d(channels, c1, 5), squash=ScaledTanh()),
        "s2": named(pool=Subsample(c1), squash=ScaledTanh()),
        "c3": named(conv=TableConv2d(scaled_table(c1, c3), c1, 5), squash=ScaledTanh()),
        "s4": named(pool=Subsample(c3), squash=ScaledTanh()),
        "c5": named(conv=nn.Conv2d(c3, c5, 5), squash=ScaledTanh()),
        "f6": _last(c5, f6, ScaledTanh()),
    }


def _modern(channels: int, c1: int, c3: int, c5: int, f6: int) -> dict[str, nn.Module]:
    return {
        "c1": named(conv=nn.Conv2d(channels, c1, 5), relu=nn.ReLU(inplace=True)),
        "s2": nn.MaxPool2d(2),
        "c3": named(conv=nn.Conv2d(c1, c3, 5), relu=nn.ReLU(inplace=True)),
        "s4": nn.MaxPool2d(2),
        "c5": named(conv=nn.Conv2d(c3, c5, 5), relu=nn.ReLU(inplace=True)),
        "f6": _last(c5, f6, nn.ReLU(inplace=True)),
    }


def _last(c5: int, f6: int, squash: nn.Module) -> nn.Sequential:
    pool, linear = nn.AdaptiveAvgPool2d(1), nn.Linear(c5, f6)
    return named(pool=pool, flatten=nn.Flatten(1), linear=linear, squash=squash, unflatten=nn.Unflatten(1, (f6, 1, 1)))


def scaled_table(inputs: int, outputs: int) -> list[list[int]]:
    """The table of connections for other numbers of maps: each map follows the paper's map at the same share."""
    rows = [TABLE[row * len(TABLE) // outputs] for row in range(outputs)]
    return [[column for column in range(inputs) if column * 6 // inputs in row] for row in rows]
