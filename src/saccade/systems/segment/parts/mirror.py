"""Encoders that halve their maps by pools, and decoders that mirror them (DeconvNet, SegNet)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import nn

from saccade.core.errors import UsageError
from saccade.layers.decoder.grow import Grow
from saccade.necks.decoder import Step
from saccade.network.part import Trunk
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut
from saccade.trunks.surgery.pooling_places import SUFFIX

# Channels that a layer reads and makes, to the layer with what follows it.
Layer = Callable[[int, int], nn.Module]


@dataclass(frozen=True)
class Block:
    """Convolutions and the pool after them.

    Attributes:
        before: Name of the map that is pooled.
        pool: Name of the pooled map.
        sizes: Channels that each convolution reads and makes.
    """

    before: str
    pool: str
    sizes: tuple[tuple[int, int], ...]


def halved_by_pools(trunk: TrunkOptions, *, fc: bool = False) -> Chain:
    """A trunk whose convolutions halve their maps by pools of 2 × 2 alone.

    Args:
        trunk: How it is built.
        fc: Whether it keeps its fully connected layers, and is to have some.

    Raises:
        UsageError: It halves its maps otherwise, or has no fully connected layers where some are asked for.
    """
    whole = trunk.built(fc=fc)
    seeing = [name for name, level in whole.levels.items() if level.stride is not None]
    fits = (
        isinstance(whole, Chain)
        and _halves_by_pools(cut(whole, seeing[-1]))
        and (len(seeing) < len(whole.levels)) == fc
    )
    if not isinstance(whole, Chain) or not fits:
        raise UsageError(
            f"a trunk that halves its maps by pools of 2 x 2 alone{', then fully connected layers' if fc else ''}",
            trunk.named,
            cure="choose vgg11_bn, vgg13_bn, vgg16_bn or vgg19_bn, or the same without _bn",
        )
    return whole


def _halves_by_pools(trunk: Trunk) -> bool:
    """Whether padded convolutions of stride 1 and pools of 2 × 2, the last stage one of these, are all there is."""
    layers = [layer for layer in trunk.modules() if not any(True for _ in layer.children())]
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.BatchNorm2d, nn.ReLU)
    pools = [layer for layer in layers if isinstance(layer, nn.MaxPool2d)]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    return (
        all(isinstance(layer, kinds) for layer in layers)
        and isinstance(layers[-1], nn.MaxPool2d)
        and all((pool.kernel_size, pool.stride, pool.padding, pool.dilation) == (2, 2, 0, 1) for pool in pools)
        and all(conv.stride == (1, 1) for conv in convolutions)
        and not any(level.offset for level in trunk.levels.values())
    )


def blocks_of(trunk: Trunk) -> Iterator[Block]:
    """The blocks of a trunk that halves its maps by pools; what follows the last pool is in none."""
    before, sizes = "", list[tuple[int, int]]()
    for name, stage in trunk.named_children():
        if any(isinstance(layer, nn.MaxPool2d) for layer in stage.modules()):
            yield Block(before, name, tuple(sizes))
            sizes = []
        before = name
        sizes += [(layer.in_channels, layer.out_channels) for layer in stage.modules() if isinstance(layer, nn.Conv2d)]


def mirrored(
    blocks: Sequence[Block], grow: Callable[[int], Grow], layer: Layer, *, first: bool = False, places: bool = True
) -> list[Step]:
    """A step a block, the last first: its map grown, and its convolutions from back to front.

    Args:
        blocks: The encoder's blocks.
        grow: Channels of a map, to what doubles its sides.
        layer: A convolution with what follows it.
        first: Whether the first convolution of all, which reads the picture, has a mirror that keeps its channels; else
            what tells the classes stands there.
        places: Whether what grows the maps reads the places of the encoder's maxima.
    """
    steps: list[Step] = []
    for number, block in reversed(list(enumerate(blocks, 1))):
        backward = [(made, read) for read, made in reversed(block.sizes)]
        if number == 1:
            made = block.sizes[0][1]
            backward[-1:] = [(made, made)] if first else []
        body = nn.Sequential(*(layer(entry, size) for entry, size in backward))
        channels = backward[-1][1] if backward else block.sizes[0][1]
        put_back = block.pool + SUFFIX if places else None
        way = grow(block.sizes[-1][1])
        steps.append(Step(f"up{number}", block.before, way, channels, body=body, places=put_back))
    return steps
