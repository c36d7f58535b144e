"""SSD: default boxes on maps of many strides, scored in one pass.

Paper: Liu, Anguelov, Erhan, Szegedy, Reed, Fu, Berg 2016, SSD: Single shot multibox detector, arXiv 1512.02325.
"""

from dataclasses import dataclass

from saccade.core.augmentation import Augmentation
from saccade.core.input_spec import InputSpec, statistics
from saccade.heads.dense_boxes import DenseBoxHead, DenseRules
from saccade.layers.anchors import Anchors
from saccade.layers.dense_towers import SeparateTowers
from saccade.losses.scores import SoftmaxScores
from saccade.necks.ssd_extras import Extra, SsdExtras
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.anchors import default_bases
from saccade.ops.code import DeltaCoder
from saccade.ops.keep import Keep
from saccade.ops.match import Matcher
from saccade.ops.pick import HardNegatives
from saccade.trunks.vgg_atrous import vgg16_atrous

RULES = DenseRules(
    coder=DeltaCoder(spread=(0.1, 0.1, 0.2, 0.2)),
    matcher=Matcher(high=0.5, low=0.5, best="claim"),
    sample=HardNegatives(ratio=3),
    score_loss=SoftmaxScores(),
    keep=Keep(score=0.01, first=400, each="class", overlap=0.45, limit=200),
)

RECIPE = Recipe(
    lr=1e-3,
    milestones=(2 / 3, 5 / 6),
    warmup=0.01,
    epochs=240,
    batch=32,
    augmentation=Augmentation(
        flip=0.5,
        crop_area=(0.3, 1.0),
        crop_aspect=(0.5, 2.0),
        crop_keeps="object",
        brightness=0.125,
        contrast=0.5,
        saturation=0.5,
        hue=0.05,
    ),
    best="AP",
    note="Liu 2016: 120 000 steps of 32 pictures on VOC 2007 + 2012, rate 0.001, divided by 10 at 80 000 and 100 000; "
    "expansion, crops by overlap, flips, colours; ImageNet weights. VOC 2007 mAP: SSD300 77.2, SSD512 79.8.",
)


@dataclass(frozen=True)
class Design:
    """The numbers of one input size.

    Attributes:
        side: Side of the input in pixels.
        smallest: Side of each map's smallest square, and one more for the last map's larger square.
        ratios: Widths over heights above 1 of each map's boxes.
        steps: Pixels between each map's positions.
        extras: The coarser maps.
    """

    side: int
    smallest: tuple[float, ...]
    ratios: tuple[tuple[float, ...], ...]
    steps: tuple[int, ...]
    extras: tuple[Extra, ...]


_HALVED, _WIDE = Extra(128, 256), Extra(256, 512)
DESIGN300 = Design(
    300,
    (30, 60, 111, 162, 213, 264, 315),
    ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,)),
    (8, 16, 32, 64, 100, 300),
    (_WIDE, _HALVED, Extra(128, 256, stride=1, padding=0), Extra(128, 256, stride=1, padding=0)),
)
DESIGN512 = Design(
    512,
    (35.84, 76.8, 153.6, 230.4, 307.2, 384, 460.8, 537.6),
    ((2,), (2, 3), (2, 3), (2, 3), (2, 3), (2,), (2,)),
    (8, 16, 32, 64, 128, 256, 512),
    (_WIDE, _HALVED, _HALVED, _HALVED, Extra(128, 256, kernel=4, stride=1)),
)


def _card(side: int) -> Card:
    return Card(
        task="detect",
        year=2016,
        paper="Liu et al.: SSD: Single shot multibox detector, arXiv 1512.02325",
        needs=("instances.boxes", "instances.labels"),
        size=side,
        classes=20,
    )


@system(_card(300))
def ssd300(classes: tuple[str, ...], *, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> System:
    """SSD on pictures stretched to 300 pixels a side: 8732 default boxes on six maps.

    Args:
        classes: Names of the classes.
        pretrained: Take ImageNet weights for the trunk.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    return _ssd(DESIGN300, classes, pretrained, width, channels)


@system(_card(512))
def ssd512(classes: tuple[str, ...], *, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> System:
    """SSD on pictures stretched to 512 pixels a side: 24 564 default boxes on seven maps.

    Args:
        classes: Names of the classes.
        pretrained: Take ImageNet weights for the trunk.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    return _ssd(DESIGN512, classes, pretrained, width, channels)


def _ssd(design: Design, classes: tuple[str, ...], pretrained: bool, width: float, channels: int) -> System:
    trunk = vgg16_atrous(pretrained=pretrained, width=width, channels=channels)
    neck = SsdExtras(trunk.levels, design.extras, design.steps[2:], width=width)
    reads = ("norm4", "fc7", *neck.names)
    levels = {**trunk.levels, **neck.levels}
    smallest = zip(design.smallest, design.smallest[1:], strict=False)
    bases = [
        default_bases(small, large, ratios, step)
        for (small, large), ratios, step in zip(smallest, design.ratios, design.steps, strict=True)
    ]
    anchors = Anchors(bases, design.steps)
    logits = RULES.score_loss.channels(len(classes))
    tower = SeparateTowers([levels[name].channels for name in reads], anchors.a_position, logits)
    head = DenseBoxHead(reads, tower, anchors, RULES, len(classes))
    return System(trunk, {"boxes": head}, neck, classes=classes, input=_input(design.side, channels), recipe=RECIPE)


def _input(side: int, channels: int) -> InputSpec:
    """Pictures stretched to a square, less ImageNet's mean colour, on the scale 0..255 that Caffe's weights expect."""
    mean, std = statistics(channels)
    if channels == 3:
        mean, std = tuple(value / 255 for value in (123, 117, 104)), (1 / 255,) * 3
    return InputSpec("stretch", (side, side), mean=mean, std=std)
