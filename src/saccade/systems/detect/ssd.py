"""SSD: default boxes on maps of many strides, scored in one pass.

Paper: Liu, Anguelov, Erhan, Szegedy, Reed, Fu, Berg 2016, SSD: Single shot multibox detector, arXiv 1512.02325.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from torch import Tensor

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.dense.dense_boxes import DenseBoxHead, DenseRules
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.dense_towers import SeparateTowers
from saccade.losses.scores import SoftmaxScores
from saccade.necks.ssd_extras import Extra, SsdExtras
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.anchors import default_bases
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import HardNegativeSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.parts.pixel_teacher import TeacherOptions
from saccade.systems.detect.parts.suppression_options import SuppressionOptions
from saccade.trunks.chain import Chain
from saccade.trunks.networks.vgg_atrous import Body, vgg16_atrous
from saccade.trunks.options import CHOSEN, TrunkOptions

TRUNK = TrunkOptions("vgg16", offers=CHOSEN, words={"trunk": get_args(Body)})
SUPPRESSION = SuppressionOptions(offers=("suppress",))

RULES = DenseRules(
    coder=DeltaCoder(spread=(0.1, 0.1, 0.2, 0.2)),
    matcher=Matcher(high=0.5, low=0.5, best="claim"),
    sample=HardNegativeSampler(ratio=3),
    score_loss=SoftmaxScores(),
    suppression=Suppression(score=0.01, first=400, each="class", overlap=0.45, limit=200),
)

RECIPE = Recipe(
    lr=1e-3,
    bias_lr_factor=2.0,
    decay_all=False,
    milestones=(2 / 3, 5 / 6),
    warmup=0.01,
    epochs=240,
    batch=32,
    augmentation=Augmentation(
        flip=0.5,
        crop_area=(0.09, 1.0),
        crop_aspect=(0.5, 2.0),
        crop_draw="side",
        crop_overlap=(0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0),
        expand=4.0,
        brightness_shift=32 / 255,
        contrast=0.5,
        saturation=0.5,
        hue=18 / 180,  # of OpenCV's half degrees of the circle
        colour=0.5,
    ),
    best="AP",
    note="Liu 2016: 120 000 steps of 32 pictures on VOC 2007 + 2012, rate 0.001, divided by 10 at 80 000 and 100 000; "
    "expansion, crops of .3 to 1 of the sides by overlap, flips, colours; ImageNet weights; biases at twice the rate, "
    "without decay; the rate rises over the first hundredth, which is ours. VOC 2007 mAP: SSD300 77.2, SSD512 79.8.",
)


@dataclass(frozen=True)
class Design:
    """The numbers of one of the paper's two networks.

    Attributes:
        finest: Side of the finest map's squares, in hundredths of the input's.
        shares: The same of the second map and of the deepest; those between grow evenly.
        ratios: Widths over heights above 1 of each map's boxes.
        extras: The coarser maps, from the third.
        clipped: Whether no box is wider or higher than the picture.
    """

    finest: int
    shares: tuple[int, int]
    ratios: tuple[tuple[float, ...], ...]
    extras: tuple[Extra, ...]
    clipped: bool = False


_HALVED, _WIDE = Extra(128, 256), Extra(256, 512)
DESIGN300 = Design(
    finest=10,
    shares=(20, 90),
    ratios=((2,), (2, 3), (2, 3), (2, 3), (2,), (2,)),
    extras=(_WIDE, _HALVED, Extra(128, 256, stride=1, padding=0), Extra(128, 256, stride=1, padding=0)),
)
DESIGN512 = Design(
    finest=7,
    shares=(15, 90),
    ratios=((2,), (2, 3), (2, 3), (2, 3), (2, 3), (2,), (2,)),
    extras=(_WIDE, _HALVED, _HALVED, _HALVED, Extra(128, 256, kernel=4, stride=1)),
)


CARD = Card(
    task="detect",
    year=2016,
    paper="Liu et al.: SSD: Single shot multibox detector, arXiv 1512.02325",
    needs=("instances.boxes", "instances.labels"),
    size=300,
    classes=20,
)


@system(CARD)
def ssd300(
    classes: tuple[str, ...],
    *,
    variant: Literal["paper", "torchvision"] = "paper",
    trunk: TrunkOptions = TRUNK,
    teacher: TeacherOptions = TeacherOptions(),
    suppression: SuppressionOptions = SUPPRESSION,
    size: int = 300,
) -> System:
    """SSD on pictures stretched to 300 pixels a side: 8732 default boxes on six maps.

    Args:
        classes: Names of the classes.
        variant: ``paper``: boxes as for VOC. ``torchvision``: smaller ones, as the paper has them for COCO, none of
            them larger than the picture.
        trunk: ``vgg16``, or ``vgg16_bn``, whose normalisation lets it learn from nothing.
        teacher: Whether pixels' classes teach the features too.
        suppression: What becomes of boxes that a better one overlaps.
        size: Side in pixels that pictures are stretched to; default boxes grow with it, and coarse maps that it leaves
            no room for fall away.

    Raises:
        UsageError: The side is too small.
    """
    design = DESIGN300 if variant == "paper" else replace(DESIGN300, finest=7, shares=(15, 90), clipped=True)
    return _ssd(design, classes, trunk, teacher, suppression, size)


@system(replace(CARD, size=512))
def ssd512(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TRUNK,
    teacher: TeacherOptions = TeacherOptions(),
    suppression: SuppressionOptions = SUPPRESSION,
    size: int = 512,
) -> System:
    """SSD on pictures stretched to 512 pixels a side: 24 564 default boxes on seven maps.

    Args:
        classes: Names of the classes.
        trunk: ``vgg16``, or ``vgg16_bn``, whose normalisation lets it learn from nothing.
        teacher: Whether pixels' classes teach the features too.
        suppression: What becomes of boxes that a better one overlaps.
        size: Side in pixels that pictures are stretched to; default boxes grow with it, and coarse maps that it leaves
            no room for fall away.

    Raises:
        UsageError: The side is too small.
    """
    return _ssd(DESIGN512, classes, trunk, teacher, suppression, size)


def _ssd(
    design: Design,
    classes: tuple[str, ...],
    trunk: TrunkOptions,
    teacher: TeacherOptions,
    suppression: SuppressionOptions,
    size: int,
) -> System:
    body = trunk.prepared(_atrous(trunk))
    steps = steps_of(design.extras, size)
    neck = SsdExtras(body.levels, design.extras[: len(steps) - 2], steps[2:], width=trunk.width)
    reads = ("norm4", "fc7", *neck.names)
    levels = {**body.levels, **neck.levels}
    anchors = Anchors(default_boxes(design, size, steps), steps)
    tower = SeparateTowers(
        [levels[name].channels for name in reads], anchors.a_position, RULES.score_loss.channels(len(classes))
    )
    rules = replace(RULES, suppression=suppression.applied(RULES.suppression))
    head = DenseBoxHead(reads, tower, anchors, rules, len(classes))
    # Caffe's weights took pictures on the scale 0..255; torchvision's ImageNet weights of VGG take them normalised.
    spec = body.preprocessing.stretch(size)
    taught = teacher.taught(body.levels, len(classes))
    return System(
        body,
        {"boxes": head, **taught.heads},
        neck,
        loss_weights=taught.loss_weights,
        silent=taught.silent,
        classes=classes,
        input=spec,
        recipe=RECIPE,
    )


def _atrous(trunk: TrunkOptions) -> Chain:
    body: Body = "vgg16_bn" if trunk.trunk == "vgg16_bn" else "vgg16"
    return vgg16_atrous(body, pretrained=trunk.pretrained, width=trunk.width, channels=trunk.channels)


def steps_of(extras: Sequence[Extra], size: int) -> tuple[int, ...]:
    """Input pixels between the positions of each map, for as many maps as a picture of `size` pixels has room for.

    Maps that are halved have twice the step of the one before; the others have the picture's side over theirs.
    """
    steps, side = [8, 16], -(-size // 16)
    if side < 2:
        raise UsageError("a side from 17 pixels for SSD", size)
    for extra in extras:
        after = (side + 2 * extra.padding - extra.kernel) // extra.stride + 1
        if side == 1 or after < 1:
            break
        side = after
        steps.append(steps[-1] * 2 if extra.stride == 2 else round(size / side))
    return tuple(steps)


def default_boxes(design: Design, size: int, steps: Sequence[int]) -> list[Tensor]:
    """The boxes of one position of each map, as the authors' script spreads them over the maps (section 2.2)."""
    low, high = design.shares
    gap = (high - low) // max(len(steps) - 2, 1)
    shares = [design.finest, *(low + gap * place for place in range(len(steps)))]
    sides = [size * share / 100 for share in shares]
    places = zip(sides, sides[1:], design.ratios, steps, strict=False)
    bases = [(default_bases(small, large, ratios, step), step / 2) for small, large, ratios, step in places]
    return [
        (boxes - centre).clamp(-size / 2, size / 2) + centre if design.clipped else boxes for boxes, centre in bases
    ]
