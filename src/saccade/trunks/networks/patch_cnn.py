"""A network that classifies the middle pixel of a patch.

Paper: Cireşan, Giusti, Gambardella, Schmidhuber 2012, Deep neural networks segment neuronal membranes in electron
microscopy images, NIPS 25, network N4.
"""

from collections.abc import Sequence

from torch import nn

from saccade.core.errors import UsageError
from saccade.layers.blocks.convolution import conv_relu
from saccade.layers.initialise import he_normal
from saccade.layers.scale import scaled
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, dense_stage
from saccade.trunks.inputs import imagenet

KERNELS = (4, 5, 4, 4)
MAPS, DENSE = 48, 200


@declared(TrunkCard(fully_connected=True))
def patch_cnn(*, patch: int = 95, depth: int = 4, width: float = 1.0, channels: int = 3, fc: bool = True) -> Chain:
    """Unpadded convolutions of 48 maps, each halved by its maxima, and a fully connected layer of 200.

    Maps: ``conv1``, ``pool1`` … ``conv4``, ``pool4``, and ``fc1`` with one position. N4's patch of 95 pixels becomes
    92, 46, 42, 21, 18, 9, 6 and 3 positions a side.

    Args:
        patch: Side of the patch in pixels, one of those that every pool halves without a rest: 15, 31, 47, 63, 79, 95 …
            for four convolutions.
        depth: Convolutions, 1 to 4; fewer suit smaller patches.
        width: Factor of all channels.
        channels: Channels of the picture.
        fc: Whether the fully connected layer is there.

    Raises:
        UsageError: There is no such depth, or a pool would not halve without a rest.
    """
    if not 1 <= depth <= len(KERNELS):
        raise UsageError(f"a depth from 1 to {len(KERNELS)}", depth)
    kernels, size = KERNELS[:depth], scaled(MAPS, width)
    grid = _grid(patch, kernels)
    stages: dict[str, nn.Module] = {}
    for number, kernel in enumerate(kernels, 1):
        stages[f"conv{number}"] = conv_relu(channels if number == 1 else size, size, kernel)
        stages[f"pool{number}"] = nn.MaxPool2d(2)
    if fc:
        stages["fc1"] = dense_stage(nn.Linear(size * grid**2, scaled(DENSE, width)), grid=grid)
    trunk = Chain(stages, preprocessing=imagenet(channels))
    he_normal(trunk)
    return trunk


def _grid(patch: int, kernels: Sequence[int]) -> int:
    """Positions a side that are left of a patch.

    Raises:
        UsageError: A pool would not halve without a rest, or nothing would be left.
    """
    side, whole = patch, True
    for kernel in kernels:
        whole, side = whole and (side - kernel + 1) % 2 == 0, (side - kernel + 1) // 2
    if not whole or side < 1:
        least = _patch(1, kernels)
        raise UsageError(
            f"a patch that {len(kernels)} pools halve without a rest",
            f"{patch} pixels",
            cure=f"take one of {', '.join(str(least + n * 2 ** len(kernels)) for n in range(4))} …",
        )
    return side


def _patch(grid: int, kernels: Sequence[int]) -> int:
    """The patch of which so many positions a side are left."""
    for kernel in reversed(kernels):
        grid = 2 * grid + kernel - 1
    return grid
