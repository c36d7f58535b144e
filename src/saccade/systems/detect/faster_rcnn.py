"""Faster R-CNN: a network proposes regions, and a second one looks at each, on maps that both share.

Paper: Ren, He, Girshick, Sun 2015, Faster R-CNN, arXiv 1506.01497. How it is used today: `faster_rcnn_pyramid`.
"""

from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.heads.regions.box_top import BoxRules
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.sampling import RegionRules
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.regions.pool import Kind
from saccade.systems.detect.faster_rcnn_c4 import c4_faster_rcnn
from saccade.systems.detect.faster_rcnn_pyramid import pyramid_faster_rcnn
from saccade.systems.detect.parts.detector import no_neck, shorter_side
from saccade.systems.detect.parts.region import (
    HALF,
    Columns,
    PooledFrom,
    RegionOptions,
    classic,
    classic_box_top,
    no_columns,
)
from saccade.systems.detect.parts.region_stages import Schedule, stages_of
from saccade.systems.detect.rpn import SCALES, proposal_head
from saccade.trunks.options import TrunkOptions

SAMPLES = 128
# The authors' code keeps 12 000 proposals to learn from, 2000 after suppression.
LEARN = Suppression(score=0.0, first=12000, overlap=0.7, limit=2000, side=16, small="before", alike="map")
BOXES = BoxRules(suppression=Suppression(score=0.05, first=30_000, overlap=0.3, limit=100))

RECIPE = Recipe(
    lr=1e-3,
    bias_lr_factor=2.0,
    decay_all=False,
    milestones=(5 / 7,),
    epochs=28,
    batch=2,
    augmentation=Augmentation(flip=0.5),
    difficult=False,
    best="AP",
    note="Ren 2015: joint training, 70 000 steps of two pictures at 0.001, divided by 10 at 50 000, from ImageNet "
    "weights; alternating: 80 000 steps of proposals and 40 000 of regions, twice, the rate divided by 10 at three "
    "quarters of each; biases at twice the rate, without decay. VOC 2007 mAP 69.9, with VOC 2012 73.2, with COCO 78.8.",
)

# 240 000 steps in all, where joint training takes 70 000; each stage runs the whole schedule (the authors' solvers).
ALTERNATE = replace(RECIPE, milestones=(0.75,), epochs=96)


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
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    schedule: Schedule = "joint",
    regions: RegionOptions = RegionOptions(),
    size: int = 600,
    neck_channels: int | None = None,
    pooled_from: PooledFrom = "pyramid",
) -> System:
    """Regions that the network proposes itself.

    A trunk that ends in fully connected layers is cut in two as in the paper: one map of stride 16, RoI max pooling,
    fc6 and fc7 for each region. Any other gets a feature pyramid and RoI align, as is usual today, or is cut in two
    before its last stage, which then sees each region.

    Args:
        classes: Names of the classes.
        trunk: A VGG, CaffeNet, AlexNet or ZFNet; or one with maps of strides 4, 8, 16 and 32, such as ``resnet50``.
        schedule: ``joint``: all four losses at once. ``alternate``: proposals, regions, proposals again and regions
            again (section 3.2). The second step begins the trunk anew, on proposals of the first one's network; in the
            last two the trunk stands still.
        regions: How regions are proposed, learnt from and told.
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        neck_channels: Channels of the pyramid, and a quarter of those of the two layers that see a region; by default
            256 times `width`. 64 are enough for few classes.
        pooled_from: Of a trunk without fully connected layers. ``pyramid``: a feature pyramid. ``c4``: the map of
            stride 16, and the trunk's last stage looks at each region (He 2015, ResNet-C4); it is slow.

    Raises:
        UsageError: The trunk lacks a map of a stride, or, without a pyramid, no anchor fits into a picture, or there is
            no neck to have channels.
    """
    if pooled_from == "c4":
        no_neck(neck_channels, "pooled_from='c4'")
        return c4_faster_rcnn(classes, trunk, schedule, regions, size)
    if trunk.fully_connected:
        no_neck(neck_channels, trunk.named)
        return classic_faster_rcnn(classes, trunk, schedule, regions, size)
    return pyramid_faster_rcnn(classes, trunk, schedule, regions, size, neck_channels)


def classic_faster_rcnn(
    classes: tuple[str, ...],
    trunk: TrunkOptions,
    schedule: Schedule,
    regions: RegionOptions,
    size: int,
    columns: Columns = no_columns,
    kind: Kind = "max",
) -> System:
    """The paper's: see `faster_rcnn` for the arguments.

    Args:
        classes: Names of the classes.
        trunk: One that ends in fully connected layers.
        schedule: Whether proposals and regions learn together or in turn.
        regions: How regions are proposed, learnt from and told.
        size: Length of the shorter side in pixels.
        columns: Tops beside that of boxes; between their layers are half as many channels as in the map.
        kind: How regions are pooled for boxes.
    """
    parts = classic(trunk)
    propose = proposal_head(parts.reads, parts.trunk.levels[parts.reads].channels, size, regions.scales or SCALES)
    rules = RegionRules(propose.rules.suppression.limit, replace(LEARN, side=propose.rules.suppression.side))
    told = replace(BOXES, suppression=replace(BOXES.suppression, limit=regions.limit))
    level = parts.trunk.levels[parts.reads]
    tops = {
        "box": classic_box_top(parts, told, len(classes), regions.boxes, kind),
        **columns({parts.reads: level}, max(level.channels // 2, 1)),
    }
    sample = RandomSampler(number=SAMPLES if regions.samples is None else regions.samples, share=0.25)
    stages = stages_of(schedule, parts.trunk, trunk.pretrained, pyramid=False)
    recipe = RECIPE if schedule == "joint" else ALTERNATE
    return System(
        parts.trunk,
        {"regions": RegionHead(propose, sample, HALF, tops, rules)},
        classes=classes,
        input=shorter_side(size, parts.trunk.preprocessing),
        recipe=replace(recipe, stages=stages),
    )
