"""Faster R-CNN on a residual network's fourth stage, whose last stage looks at each region (ResNet-C4).

Paper: He, Zhang, Ren, Sun 2015, Deep residual learning, arXiv 1512.03385, appendix A; constants as Detectron has them
(He, Gkioxari, Dollár, Girshick 2017, Mask R-CNN, arXiv 1703.06870, `e2e_mask_rcnn_R-50-C4_1x.yaml`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.regions.box_top import BoxRules, BoxTop
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.region_top import ColumnTop
from saccade.heads.regions.sampling import RegionRules
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.dense_towers import ProposalTower
from saccade.layers.towers.region_towers import PooledTower
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.ops.boxes.anchors import ratio_bases
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.faster_rcnn_pyramid import PROPOSALS, RATIOS
from saccade.systems.detect.parts.detector import shorter_side
from saccade.systems.detect.parts.region import HALF, RegionOptions, outputs
from saccade.systems.detect.parts.region_stages import Schedule, alternate, first_layers
from saccade.systems.detect.rpn import check_some_fit
from saccade.trunks.chain import named
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, last_of_strides

STRIDE, POOLED, SAMPLES = 16, 14, 64
# Sides of the anchors in units of the stride: 32 to 512 pixels.
SCALES = (2.0, 4.0, 8.0, 16.0, 32.0)
LAST_STAGE = "regions.tops.box.tower.body"

RULES = replace(PROPOSALS, suppression=replace(PROPOSALS.suppression, first=6000), inside=True)
LEARN = replace(RULES.suppression, first=12000, limit=2000)
BOXES = BoxRules(suppression=Suppression(score=0.05, first=100_000, overlap=0.5, limit=100, side=1e-2))

RECIPE = Recipe(
    lr=0.01,
    weight_decay=1e-4,
    milestones=(2 / 3, 8 / 9),
    warmup=500 / 180_000,
    warmup_start=1 / 3,
    epochs=12,
    batch=8,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="ResNet-C4 in Detectron's schedule: 180 000 steps of 8 pictures at 0.01, divided by 10 at 120 000 and "
    "160 000, raised from a third over the first 500, flips alone, from ImageNet weights. COCO AP of ResNet-50 34.8.",
)

# No paper trains it in turn: as many times longer as Faster R-CNN's authors take, in their schedule.
ALTERNATE = replace(RECIPE, milestones=(0.75,), epochs=41)


class LastStage(NamedTuple):
    """The stage of a trunk that looks at regions, and what it reads.

    Attributes:
        reads: Name of the map of stride 16.
        pool: (n, C, 14, 14) under regions of it.
        layers: (n, channels, 7, 7) of what was pooled.
        channels: Channels that they give.
    """

    reads: str
    pool: RegionPool
    layers: nn.Sequential
    channels: int


# Further tops, by name, of the stage that looks at regions.
StageColumns = Callable[[LastStage], Mapping[str, ColumnTop]]


def no_columns(stage: LastStage) -> Mapping[str, ColumnTop]:
    """No tops beside that of boxes."""
    return {}


def c4_faster_rcnn(
    classes: tuple[str, ...],
    trunk: TrunkOptions,
    schedule: Schedule,
    regions: RegionOptions,
    size: int,
    columns: StageColumns = no_columns,
) -> System:
    """Proposals and regions on one map of stride 16: see `faster_rcnn` for the arguments.

    Args:
        classes: Names of the classes.
        trunk: One of ours with maps of strides 16 and 32, such as ``resnet50``.
        schedule: Whether proposals and regions learn together or in turn.
        regions: How regions are proposed, learnt from and told.
        size: Length of the shorter side in pixels.
        columns: Tops beside that of boxes.

    Raises:
        UsageError: The trunk has fully connected layers, lacks a map or is none of ours; or no anchor fits.
    """
    if trunk.fully_connected:
        raise UsageError(
            "a trunk whose last stage of convolutions looks at regions", repr(trunk.named), cure="such as resnet50"
        )
    whole = trunk.built(fc=False)
    body, stage = _parts(whole)
    told = replace(BOXES, suppression=replace(BOXES.suppression, limit=regions.limit))
    asked = outputs(told, len(classes), per_class=regions.boxes == "per_class")
    looking = named(**dict(stage.layers.named_children()), pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(1))
    box = BoxTop(PooledTower(stage.pool, looking, stage.channels, asked), (stage.reads,), told, len(classes))
    sample = RandomSampler(number=SAMPLES if regions.samples is None else regions.samples, share=0.25)
    propose = _proposing(stage.reads, stage.pool.channels, regions.scales or SCALES, size)
    rules = RegionRules(RULES.suppression.limit, LEARN)
    standing = standing_still(whole, body, trunk.pretrained)
    stages = (Stage(freeze=standing),) if schedule == "joint" else alternate(standing, pyramid=False)
    return System(
        body,
        {"regions": RegionHead(propose, sample, HALF, {"box": box, **columns(stage)}, rules)},
        classes=classes,
        input=shorter_side(size, body.preprocessing),
        recipe=replace(RECIPE if schedule == "joint" else ALTERNATE, stages=stages),
    )


def _parts(whole: Trunk) -> tuple[Trunk, LastStage]:
    """The trunk up to its map of stride 16, and the stage after it."""
    reads, last = last_of_strides(whole, (STRIDE, 2 * STRIDE))
    body, names = cut(whole, reads), list(whole.levels)
    after = names[names.index(reads) + 1 : names.index(last) + 1]
    layers = named(**{name: whole.get_submodule(name) for name in after})
    pool = RegionPool(body.levels, (reads,), POOLED, "align")
    return body, LastStage(reads, pool, layers, whole.levels[last].channels)


def _proposing(reads: str, channels: int, scales: tuple[float, ...], size: int) -> DenseBoxHead:
    check_some_fit(scales, size)
    bases = ratio_bases([STRIDE * scale for scale in scales], RATIOS)
    tower = ProposalTower(channels, len(bases), 1)
    return DenseBoxHead((reads,), tower, Anchors([bases], (STRIDE,)), RULES, None)


def standing_still(whole: Trunk, body: Trunk, pretrained: bool) -> tuple[str, ...]:
    """What `first_layers` names of a whole trunk, by where it is now: the stages after `body` belong to the head."""
    parts = {name for name, _ in body.named_modules()}
    paths = [path.removeprefix("trunk.") for path in first_layers(whole, pretrained)]
    return tuple(f"trunk.{path}" if path in parts else f"{LAST_STAGE}.{path}" for path in paths)
