"""SegNet: an encoder that keeps the places of its maxima, and a decoder that puts values back there.

Paper: Badrinarayanan, Kendall, Cipolla 2015, SegNet: A deep convolutional encoder-decoder architecture for image
segmentation, arXiv 1511.00561; layers as in the authors' SegNet-Tutorial.
"""

from torch import nn

from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.preprocessing import Preprocessing
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.layers.decoder.grow import Unpool
from saccade.layers.initialise import he_normal
from saccade.losses.pixels import Labels, PixelLoss
from saccade.necks.decoder import Decoder
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.segment.parts.mirror import blocks_of, halved_by_pools, mirrored
from saccade.trunks.chain import named
from saccade.trunks.options import SCALED, TrunkOptions
from saccade.trunks.surgery.pooling_places import pooling_places

CARD = Card(
    task="segment",
    year=2015,
    paper="Badrinarayanan, Kendall, Cipolla: SegNet, arXiv 1511.00561",
    needs=("semantic",),
    size=360,
    classes=11,
    needs_several=("semantic_masks",),
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
    labels: Labels = "one",
) -> System:
    """VGG-16's convolutions, normalised by batch, and a decoder that mirrors them.

    Args:
        classes: Names of the classes.
        trunk: ``vgg16_bn``, or another trunk that halves its maps by pools of 2 × 2 alone.
        size: Length of the shorter side in pixels; the longer is at most 4/3 of it.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes.

    Raises:
        UsageError: The trunk halves its maps otherwise.
    """
    # Sizes are rounded up, as Caffe does.
    encoder = pooling_places(halved_by_pools(trunk), ceil=True)
    blocks = list(blocks_of(encoder))
    neck = Decoder(encoder.levels, blocks[-1].pool, mirrored(blocks, lambda _: Unpool(), _normalised))
    last, level = list(neck.levels.items())[-1]
    scores = nn.Conv2d(level.channels, len(classes), 3, padding=1)
    he_normal(nn.ModuleList([neck, scores]))
    head = PixelHead(last, scores, len(classes), loss=PixelLoss(labels=labels))
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


def _normalised(entry: int, size: int) -> nn.Sequential:
    conv = nn.Conv2d(entry, size, 3, padding=1)
    return named(conv=conv, norm=nn.BatchNorm2d(size), relu=nn.ReLU(inplace=True))
