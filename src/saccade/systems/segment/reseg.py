"""ReSeg: convolutions that have learnt elsewhere, recurrent sweeps that see the whole picture, and a way back up.

Paper: Visin, Ciccone, Romero, Kastner, Cho, Bengio, Matteucci, Courville 2016, ReSeg: A recurrent neural network-based
model for semantic segmentation, arXiv 1511.07053; order of sweeps and loss as in the authors' code.
"""

from dataclasses import dataclass, replace
from math import log2

from torch import nn

from saccade.core.errors import UsageError
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.layers.initialise import he_normal
from saccade.layers.recurrent.renet import Cell, First, ReNetLayer
from saccade.layers.scale import scaled
from saccade.losses.pixels import Labels, PixelLoss
from saccade.necks.context import Context
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.systems.segment.segnet import camvid_input
from saccade.trunks.chain import named
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, last_of_strides

# conv3_3 of VGG-16; two transposed convolutions lead back to the pixels.
STRIDE = 4
FILTERS = 50

RECIPE = Recipe(
    optimiser="adadelta",
    lr=1.0,
    decay=0.95,
    epsilon=1e-6,
    weight_decay=0.0,
    schedule="constant",
    epochs=100,
    batch=5,
    best="miou",
    note="Visin 2016: AdaDelta with its usual constants, 5 pictures a step, classes weighed by median frequency "
    "(--balance median), no augmentation; the loss adds up a picture's pixels. VGG-16 stands still with --pretrained, "
    "and learns without. The number of epochs is ours. CamVid: global 88.7, class average 68.1, mIoU 58.8; Weizmann "
    "Horse IoU 91.6, Oxford Flowers 93.7.",
)


@dataclass(frozen=True)
class ReNetOptions(OptionGroup):
    """The recurrent layers.

    Attributes:
        layers: Recurrent layers, each of four sweeps.
        hidden: State of each sweep; a layer makes twice as many channels.
        cell: Kind of the recurrent networks, ``gru`` or ``lstm``.
        first: ``rows`` are swept before columns, as in the released code, or ``columns`` before rows, as in the paper.
    """

    layers: int = 2
    hidden: int = 100
    cell: Cell = "gru"
    first: First = "rows"


@system(
    Card(
        task="segment",
        year=2016,
        paper="Visin, Ciccone, Romero, Kastner, Cho, Bengio, Matteucci, Courville: ReSeg, arXiv 1511.07053",
        needs=("semantic",),
        size=360,
        classes=11,
        needs_several=("semantic_masks",),
    )
)
def reseg(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    renet: ReNetOptions = ReNetOptions(),
    size: int = 360,
    labels: Labels = "one",
) -> System:
    """VGG-16 up to conv3_3, two recurrent layers that sweep its map, two transposed convolutions, scores of classes.

    Args:
        classes: Names of the classes.
        trunk: A trunk with a map of stride 4; the last such is swept. With ``--pretrained`` it stands still.
        renet: The recurrent layers.
        size: Length of the shorter side in pixels; the longer is at most 4/3 of it.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes.

    Raises:
        UsageError: The trunk has no map of stride 4, or there is no layer, state or pixel.
    """
    for name, value in (("layers", renet.layers), ("hidden", renet.hidden)):
        if value < 1:
            raise UsageError(f"{name} from 1", value)
    whole = trunk.built(fc=False)
    (reads,) = last_of_strides(whole, (STRIDE,))
    body = cut(whole, reads)
    hidden, filters = scaled(renet.hidden, trunk.width), scaled(FILTERS, trunk.width)
    entries = [body.levels[reads].channels, *[2 * hidden] * (renet.layers - 1)]
    sweeps = (ReNetLayer(entry, hidden, cell=renet.cell, first=renet.first) for entry in entries)
    neck = Context(body.levels, reads, nn.Sequential(*sweeps), 2 * hidden)
    upwards, loss = _upwards(2 * hidden, filters, len(classes)), PixelLoss(mean_over="pictures", labels=labels)
    head = PixelHead("context", upwards, len(classes), loss=loss)
    spec = replace(camvid_input(size, body.preprocessing), multiple=STRIDE)
    stages = (Stage(freeze=("trunk",)),) if trunk.pretrained else (Stage(),)
    recipe = replace(RECIPE, stages=stages)
    return System(body, {"pixels": head}, neck, classes=classes, input=spec, recipe=recipe)


def _upwards(entry: int, filters: int, classes: int) -> nn.Sequential:
    """Transposed convolutions of 2 × 2 that double each side, and the scores of classes."""
    layers: dict[str, nn.Module] = {}
    for number in range(int(log2(STRIDE)), 0, -1):
        layers[f"up{number}"] = nn.ConvTranspose2d(entry, filters, 2, 2)
        layers[f"relu{number}"] = nn.ReLU(inplace=True)
        entry = filters
    made = named(**layers, score=nn.Conv2d(entry, classes, 1))
    he_normal(made)
    return made
