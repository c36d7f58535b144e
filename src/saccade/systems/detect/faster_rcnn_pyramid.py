"""Faster R-CNN as it is used today: on a feature pyramid, with the constants of torchvision.

Paper: Lin, Dollár, Girshick, He, Hariharan, Belongie 2017, Feature pyramid networks, arXiv 1612.03144.
"""

from collections.abc import Mapping
from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.core.level import Level
from saccade.heads.dense.dense_boxes import DenseBoxHead, DenseRules
from saccade.heads.regions.box_top import BoxRules
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.region_top import RegionTop
from saccade.heads.regions.sampling import RegionRules
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.dense_towers import ProposalTower
from saccade.losses.scores import SigmoidScores
from saccade.necks.pyramid import Pyramid
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.anchors import ratio_bases
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.parts.detector import pyramid_channels, shorter_side, trunk_to
from saccade.systems.detect.parts.region import HALF, Columns, RegionOptions, no_columns, pyramid_box_top
from saccade.systems.detect.parts.region_stages import Schedule, stages_of
from saccade.trunks.options import TrunkOptions

RATIOS, FINEST, SAMPLES = (0.5, 1.0, 2.0), 8.0, 512

PROPOSALS = DenseRules(
    coder=DeltaCoder(),
    matcher=Matcher(high=0.7, low=0.3, best="ties"),
    sample=RandomSampler(number=256, share=0.5),
    score_loss=SigmoidScores(),
    suppression=Suppression(score=-1.0, first=1000, overlap=0.7, limit=1000, side=1e-3, alike="map"),
    beta=1 / 9,
    mean_over="sampled",
)
LEARN = replace(PROPOSALS.suppression, first=2000, limit=2000)
BOXES = BoxRules(suppression=Suppression(score=0.05, first=100_000, overlap=0.5, limit=100, side=1e-2), beta=1 / 9)

RECIPE = Recipe(
    lr=0.02,
    weight_decay=1e-4,
    milestones=(2 / 3, 8 / 9),
    warmup=500 / 90_000,
    warmup_start=1 / 3,
    epochs=12,
    batch=16,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Lin 2017 in Detectron's schedule: 90 000 steps of 16 pictures at 0.02, divided by 10 at 60 000 and 80 000, "
    "raised from a third over the first 500, flips alone, from ImageNet weights. COCO AP 36.7 of ResNet-50, 37.0 as "
    "torchvision trained it.",
)

# No paper trains a pyramid in turn: as many times longer as Faster R-CNN's authors take, in their schedule.
ALTERNATE = replace(RECIPE, milestones=(0.75,), epochs=41)


def pyramid_faster_rcnn(
    classes: tuple[str, ...],
    trunk: TrunkOptions,
    schedule: Schedule,
    regions: RegionOptions,
    size: int,
    neck_channels: int | None,
    columns: Columns = no_columns,
) -> System:
    """Proposals and regions from a feature pyramid: see `faster_rcnn` for the arguments.

    Args:
        classes: Names of the classes.
        trunk: One with maps of strides 4, 8, 16 and 32.
        schedule: Whether proposals and regions learn together or in turn.
        regions: How regions are proposed, learnt from and told.
        size: Length of the shorter side in pixels.
        neck_channels: Channels of the pyramid.
        columns: Tops beside that of boxes; between their layers are as many channels as in the pyramid.
    """
    body, reads = trunk_to(trunk, (4, 8, 16, 32))
    wide = pyramid_channels(neck_channels, trunk.width)
    neck = Pyramid(body.levels, reads, wide, "pool")
    recipe = RECIPE if schedule == "joint" else ALTERNATE
    return System(
        body,
        {"regions": pyramid_regions(neck.levels, len(classes), regions, columns)},
        neck,
        classes=classes,
        input=shorter_side(size, body.preprocessing, multiple=32),
        recipe=replace(recipe, stages=stages_of(schedule, body, trunk.pretrained, pyramid=True)),
    )


def pyramid_regions(
    levels: Mapping[str, Level],
    classes: int,
    regions: RegionOptions,
    columns: Columns = no_columns,
    learnt: int = LEARN.limit,
) -> RegionHead:
    """Proposals on all maps of a pyramid, and tops that see regions on all but the coarsest.

    Args:
        levels: The pyramid's maps, finest first, each of twice the stride of the one before.
        classes: Number of classes.
        regions: How regions are proposed, learnt from and told.
        columns: Tops beside that of boxes.
        learnt: Proposals of a map, and of a picture, among which regions are drawn to learn from.
    """
    strides, wide = [level.stride or 1 for level in levels.values()], next(iter(levels.values())).channels
    bases = [ratio_bases([stride * scale for scale in regions.scales or (FINEST,)], RATIOS) for stride in strides]
    tower = ProposalTower(wide, len(bases[0]), 1)
    propose = DenseBoxHead(tuple(levels), tower, Anchors(bases, strides), PROPOSALS, None)
    pooled = dict(list(levels.items())[:-1])
    told = replace(BOXES, suppression=replace(BOXES.suppression, limit=regions.limit))
    tops = {"box": pyramid_box_top(pooled, 4 * wide, told, classes, regions.boxes), **columns(pooled, wide)}
    return pyramid_head(propose, tops, SAMPLES if regions.samples is None else regions.samples, learnt)


def pyramid_head(
    propose: DenseBoxHead, tops: Mapping[str, RegionTop], samples: int = SAMPLES, learnt: int = LEARN.limit
) -> RegionHead:
    """The head over a pyramid: of `learnt` proposals `samples` are learnt from, and in use as many as stay."""
    learn = replace(propose.rules.suppression, first=learnt, limit=learnt)
    rules = RegionRules(propose.rules.suppression.limit, learn)
    return RegionHead(propose, RandomSampler(number=samples, share=0.25), HALF, tops, rules)
