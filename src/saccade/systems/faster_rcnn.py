"""Faster R-CNN: a network proposes regions, and a second one looks at each, on maps that both share.

Paper: Ren, He, Girshick, Sun 2015, Faster R-CNN, arXiv 1506.01497. As it is used today: Lin et al. 2017, Feature
pyramid networks, arXiv 1612.03144, with the constants of torchvision.
"""

from dataclasses import replace
from typing import Any, Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.heads.box_top import BoxRules, BoxTop
from saccade.heads.dense_boxes import DenseBoxHead, DenseRules
from saccade.heads.region_sampling import RegionRules
from saccade.heads.regions import RegionHead
from saccade.layers.anchors import Anchors
from saccade.layers.dense_towers import ProposalTower
from saccade.layers.norm import Norm, with_norm
from saccade.layers.scale import scaled
from saccade.losses.scores import SigmoidScores
from saccade.necks.pyramid import Pyramid
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.ops.anchors import ratio_bases
from saccade.ops.code import DeltaCoder
from saccade.ops.keep import Keep
from saccade.ops.match import Matcher
from saccade.ops.pick import RandomPick
from saccade.systems.detector_parts import shorter_side, trunk_to
from saccade.systems.region_parts import (
    HALF,
    Boxes,
    classic,
    classic_box_top,
    first_layers,
    is_classic,
    one_stage,
    pyramid_box_top,
)
from saccade.systems.rpn import SCALES, proposal_head
from saccade.trunks import in_range

RATIOS, FINEST = (0.5, 1.0, 2.0), 8.0

# The authors' code keeps 12 000 proposals to learn from, 2000 after suppression.
LEARN = Keep(score=0.0, first=12000, overlap=0.7, limit=2000, side=16, alike="map")
BOXES = BoxRules(keep=Keep(score=0.05, first=30_000, overlap=0.3, limit=100))

PYRAMID_PROPOSALS = DenseRules(
    coder=DeltaCoder(),
    matcher=Matcher(high=0.7, low=0.3, best="ties"),
    sample=RandomPick(number=256, share=0.5),
    score_loss=SigmoidScores(),
    keep=Keep(score=-1.0, first=1000, overlap=0.7, limit=1000, side=1e-3, alike="map"),
    beta=1 / 9,
    mean_over="sampled",
)
PYRAMID_LEARN = replace(PYRAMID_PROPOSALS.keep, first=2000, limit=2000)
PYRAMID_BOXES = BoxRules(keep=Keep(score=0.05, first=100_000, overlap=0.5, limit=100, side=1e-2), beta=1 / 9)

RECIPE = Recipe(
    lr=1e-3,
    milestones=(5 / 7,),
    epochs=28,
    batch=2,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Ren 2015: joint training, 70 000 steps of two pictures at 0.001, divided by 10 at 50 000, from ImageNet "
    "weights; alternating: 80 000 steps of proposals and 40 000 of regions, twice. VOC 2007 mAP 69.9, with VOC 2012 "
    "73.2, with COCO 78.8.",
)
PYRAMID_RECIPE = Recipe(
    lr=0.02,
    weight_decay=1e-4,
    milestones=(2 / 3, 8 / 9),
    warmup=0.01,
    epochs=12,
    batch=16,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Lin 2017 in Detectron's schedule: 90 000 steps of 16 pictures at 0.02, divided by 10 at 60 000 and 80 000, "
    "flips alone, from ImageNet weights. COCO AP 36.7 of ResNet-50, 37.0 as torchvision trained it.",
)


@system(
    Card(
        task="detect",
        year=2015,
        paper="Ren, He, Girshick, Sun: Faster R-CNN, arXiv 1506.01497",
        needs=("instances.boxes", "instances.labels"),
        size=600,
        classes=20,
    )
)
def faster_rcnn(
    classes: tuple[str, ...],
    *,
    trunk: str = "vgg16",
    schedule: Literal["joint", "alternate"] = "joint",
    boxes: Boxes = "per_class",
    pretrained: bool = False,
    width: float = 1.0,
    channels: int = 3,
    size: int = 600,
    scales: tuple[float, ...] | None = None,
    norm: Norm = "batch",
    samples: int | None = None,
    limit: int = 100,
) -> System:
    """Regions that the network proposes itself.

    A trunk that ends in fully connected layers is cut in two as in the paper: one map of stride 16, RoI max pooling,
    fc6 and fc7 for each region. Any other gets a feature pyramid and RoI align, as is usual today.

    Args:
        classes: Names of the classes.
        trunk: A VGG, CaffeNet, AlexNet or ZFNet; or one with maps of strides 4, 8, 16 and 32, such as ``resnet50``.
        schedule: ``joint``: all four losses at once. ``alternate``: proposals, regions, proposals again and regions
            again (section 3.2). The second step begins the trunk anew, on proposals of the first one's network; in the
            last two the trunk stands still.
        boxes: ``per_class``: each region has a box for each class. ``agnostic``: one for whatever it shows.
        pretrained: Take ImageNet weights; then the first layers and all normalisation stand still.
        width: Factor of all channels, for our own trunks.
        channels: Channels of the picture.
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        scales: Sides of the anchors: in units of 16 pixels (8, 16, 32), on a pyramid in units of each map's stride (8).
        norm: How the trunk normalises: by ``batch``; ``frozen``, as weights that have learnt want it; by ``group``, for
            batches of few pictures; ``sync``, by batches over all processes.
        samples: Regions of a picture that are learnt from, a quarter of them objects; 128, on a pyramid 512.
        limit: Objects of one picture that are told at most.

    Raises:
        UsageError: The trunk lacks a map of a stride, or, without a pyramid, no anchor fits into a picture.
    """
    options = {"pretrained": pretrained, "width": width, "channels": channels}
    made = _classic if is_classic(trunk) else _pyramid
    system = made(classes, trunk, scales, size, boxes, options | {"norm": norm})
    told(system.heads["regions"], limit, samples)
    stages = one_stage(system.trunk, pretrained)
    if schedule == "alternate":
        stages = alternate(first_layers(system.trunk, pretrained), system.neck is not None)
    system.recipe = replace(system.recipe, stages=stages)
    return system


def _classic(
    classes: tuple[str, ...],
    trunk: str,
    scales: tuple[float, ...] | None,
    size: int,
    boxes: Boxes,
    options: dict[str, Any],
) -> System:
    parts = classic(trunk, **{name: value for name, value in options.items() if name != "norm"})
    with_norm(parts.trunk, options["norm"])
    propose = proposal_head(parts.reads, parts.trunk.levels[parts.reads].channels, size, scales or SCALES)
    rules = RegionRules(propose.rules.keep.limit, replace(LEARN, side=propose.rules.keep.side))
    tops = {"box": classic_box_top(parts, BOXES, len(classes), boxes)}
    head = RegionHead(propose, RandomPick(number=128, share=0.25), HALF, tops, rules)
    spec = in_range(trunk, shorter_side(size, options["channels"]))
    return System(parts.trunk, {"regions": head}, classes=classes, input=spec, recipe=RECIPE)


def _pyramid(
    classes: tuple[str, ...],
    trunk: str,
    scales: tuple[float, ...] | None,
    size: int,
    boxes: Boxes,
    options: dict[str, Any],
) -> System:
    body, reads = trunk_to(trunk, (4, 8, 16, 32), **options)
    wide = scaled(256, options["width"])
    neck = Pyramid(body.levels, reads, wide, "pool")
    strides = [level.stride or 1 for level in neck.levels.values()]
    bases = [ratio_bases([stride * scale for scale in scales or (FINEST,)], RATIOS) for stride in strides]
    tower = ProposalTower(wide, len(bases[0]), 1)
    propose = DenseBoxHead(tuple(neck.levels), tower, Anchors(bases), PYRAMID_PROPOSALS, None)
    pooled = dict(list(neck.levels.items())[:-1])
    top = pyramid_box_top(pooled, scaled(1024, options["width"]), PYRAMID_BOXES, len(classes), boxes)
    head = pyramid_head(propose, top)
    spec = shorter_side(size, options["channels"], multiple=32)
    return System(body, {"regions": head}, neck, classes=classes, input=spec, recipe=PYRAMID_RECIPE)


def pyramid_head(propose: DenseBoxHead, top: BoxTop) -> RegionHead:
    """The head over a pyramid: 2000 proposals to learn from, of which 512 are sampled, and as many in use as stay."""
    learn = replace(propose.rules.keep, first=PYRAMID_LEARN.first, limit=PYRAMID_LEARN.limit)
    rules = RegionRules(propose.rules.keep.limit, learn)
    return RegionHead(propose, RandomPick(number=512, share=0.25), HALF, {"box": top}, rules)


def told(head: nn.Module, limit: int, samples: int | None) -> None:
    """Let a head tell of at most `limit` objects of a picture, and learn from so many regions."""
    if isinstance(head, RegionHead):
        head.sample = head.sample if samples is None else RandomPick(number=samples, share=0.25)
        head.box.rules = replace(head.box.rules, keep=replace(head.box.rules.keep, limit=limit))


def alternate(standing: tuple[str, ...], pyramid: bool) -> tuple[Stage, ...]:
    """Four steps (section 3.2), of lengths 80 : 40 : 80 : 40.

    The second begins the trunk anew and learns from proposals of the first one's network, which then is done with; the
    third goes on with the first one's proposing layers, on the second one's trunk.

    Args:
        standing: What stands still throughout.
        pyramid: Whether there is a neck, which stands still with the trunk.
    """
    proposals = ("regions/class", "regions/box")
    regions = ("regions/propose_class", "regions/propose_box")
    shared = ("trunk", "neck") if pyramid else ("trunk",)
    return (
        Stage(1 / 3, freeze=(*standing, "regions.tops"), silent=proposals),
        Stage(1 / 6, freeze=(*standing, "regions.propose"), silent=regions, anew=True),
        Stage(1 / 3, freeze=(*shared, "regions.tops"), silent=proposals),
        Stage(1 / 6, freeze=(*shared, "regions.propose"), silent=regions),
    )
