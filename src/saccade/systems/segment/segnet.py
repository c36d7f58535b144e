"""SegNet: an encoder that keeps the places of its maxima, and a decoder that puts values back there.

Paper: Badrinarayanan, Kendall, Cipolla 2015, SegNet: A deep convolutional encoder-decoder architecture for image
segmentation, arXiv 1511.00561; layers as in the authors' SegNet-Tutorial.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.preprocessing import Preprocessing
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.layers.decoder.grow import Unpool
from saccade.layers.initialise import he_normal
from saccade.necks.decoder import Decoder, Step
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.trunks.chain import Chain, named
from saccade.trunks.options import SCALED, TrunkOptions
from saccade.trunks.surgery.pooling_places import SUFFIX, PlacesChain, pooling_places

CARD = Card(
    task="segment",
    year=2015,
    paper="Badrinarayanan, Kendall, Cipolla: SegNet, arXiv 1511.00561",
    needs=("semantic",),
    size=360,
    classes=11,
)

RECIPE = Recipe(
    lr=0.001,
    weight_decay=5e-4,
    decay_all=False,
    schedule="constant",
    epochs=436,
    batch=4,
    best="miou",
    note="Badrinarayanan 2015 and SegNet-Tutorial: 40 000 steps of 4 pictures of CamVid's 367, a constant rate, "
    "classes weighed by median frequency (--balance median), no augmentation; the encoder begins as VGG-16's. "
    "Normalisation here keeps running averages and eps 1e-5; the authors measure it anew over the training pictures, "
    "with eps 1e-9. CamVid (3433 training pictures, 140 000 steps): global 90.40, class average 71.20, mIoU 60.10, "
    "boundary F1 46.84; SUN RGB-D: 72.63, 44.76, 31.84, 12.66.",
)


@system(CARD)
def segnet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16_bn", offers=("trunk", "pretrained", *SCALED)),
    size: int = 360,
) -> System:
    """VGG-16's convolutions, normalised by batch, and a decoder that mirrors them.

    Args:
        classes: Names of the classes.
        trunk: ``vgg16_bn``, or another trunk that halves its maps by pools of 2 × 2 alone.
        size: Length of the shorter side in pixels; the longer is at most 4/3 of it.

    Raises:
        UsageError: The trunk halves its maps otherwise.
    """
    encoder = with_places(trunk)
    blocks = list(_blocks(encoder))
    neck = Decoder(encoder.levels, blocks[-1].pool, _mirrored(blocks))
    last, level = list(neck.levels.items())[-1]
    scores = nn.Conv2d(level.channels, len(classes), 3, padding=1)
    he_normal(nn.ModuleList([neck, scores]))
    head = PixelHead(last, scores, len(classes))
    spec = camvid_input(size, encoder.preprocessing)
    return System(encoder, {"pixels": head}, neck, classes=classes, input=spec, recipe=RECIPE)


def camvid_input(size: int, preprocessing: Preprocessing) -> InputSpec:
    """Pictures whose shorter side is `size` pixels and whose longer is at most 4/3 of it, as CamVid's 360 × 480 are.

    Raises:
        UsageError: There is no pixel.
    """
    if size < 1:
        raise UsageError("size from 1", size)
    return preprocessing.onto(InputSpec("shorter", shorter=size, longest=round(size * 4 / 3)))


def with_places(trunk: TrunkOptions) -> PlacesChain:
    """A trunk without fully connected layers that tells its maxima's places, and rounds sizes up as Caffe does.

    Raises:
        UsageError: It halves its maps otherwise than by pools of 2 × 2.
    """
    whole = trunk.built(fc=False)
    if not isinstance(whole, Chain) or not _halves_by_pools(whole):
        raise UsageError(
            "a trunk that halves its maps by pools of 2 x 2 alone",
            trunk.named,
            cure="choose vgg11_bn, vgg13_bn, vgg16_bn or vgg19_bn, or the same without _bn",
        )
    return pooling_places(whole, ceil=True)


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


def _blocks(trunk: PlacesChain) -> Iterator[Block]:
    before, sizes = "", list[tuple[int, int]]()
    for name, stage in trunk.named_children():
        if name + SUFFIX in trunk.levels:
            yield Block(before, name, tuple(sizes))
            sizes = []
        before = name
        sizes += [(layer.in_channels, layer.out_channels) for layer in stage.modules() if isinstance(layer, nn.Conv2d)]


def _mirrored(blocks: list[Block]) -> list[Step]:
    """A step a block, the last first: its maxima put back, and its convolutions from back to front.

    The first convolution of all, which reads the picture, has its mirror in the head: that one tells classes.
    """
    steps: list[Step] = []
    for number, block in reversed(list(enumerate(blocks, 1))):
        backward = [(made, read) for read, made in reversed(block.sizes)][: -1 if number == 1 else None]
        body = nn.Sequential(*(_normalised(entry, size) for entry, size in backward))
        channels = backward[-1][1] if backward else block.sizes[0][1]
        steps.append(Step(f"up{number}", block.before, Unpool(), channels, body=body, places=block.pool + SUFFIX))
    return steps


def _normalised(entry: int, size: int) -> nn.Sequential:
    conv = nn.Conv2d(entry, size, 3, padding=1)
    return named(conv=conv, norm=nn.BatchNorm2d(size), relu=nn.ReLU(inplace=True))
