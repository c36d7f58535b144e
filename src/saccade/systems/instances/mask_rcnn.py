"""Mask R-CNN: Faster R-CNN with a second answer for each region that stays, the mask of its object.

Paper: He, Gkioxari, Dollár, Girshick 2017, Mask R-CNN, arXiv 1703.06870.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from saccade.core.level import Level
from saccade.heads.regions.mask_top import MaskTop
from saccade.layers.blocks.borrowed import Borrowed
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.scale import scaled
from saccade.layers.towers.mask_tower import MaskTower, mask_body
from saccade.network.card import Card, system
from saccade.network.system import System
from saccade.systems.detect.faster_rcnn import classic_faster_rcnn
from saccade.systems.detect.faster_rcnn_c4 import LastStage, StageColumns, c4_faster_rcnn
from saccade.systems.detect.faster_rcnn_pyramid import pyramid_faster_rcnn
from saccade.systems.detect.parts.detector import no_neck
from saccade.systems.detect.parts.region import Columns, PooledFrom, RegionOptions
from saccade.trunks.options import TrunkOptions

# Whether a region has a mask for each class, or one for whatever it shows.
MasksOf = Literal["per_class", "agnostic"]

# Positions a side of a pooled region; its mask has twice as many cells.
POOLED = 14
# Channels of the enlarged map where the trunk's last stage looks at regions.
HIDDEN = 256
NOTE = (
    "He 2017 in Detectron's schedule: 90 000 steps of 16 pictures at 0.02, divided by 10 at 60 000 and 80 000, raised "
    "from a third over the first 500, flips alone, from ImageNet weights. COCO AP of boxes 37.7, of masks 33.9 of "
    "ResNet-50; trained twice as long 38.6 and 34.5."
)

C4_NOTE = (
    "He 2017 in Detectron's schedule: 180 000 steps of 8 pictures at 0.01, divided by 10 at 120 000 and 160 000, "
    "raised from a third over the first 500, flips alone, from ImageNet weights. COCO test-dev AP of masks of "
    "ResNet-101 33.1."
)

# No paper trains it so; the lecture notes draw it.
MAP_NOTE = (
    "As Faster R-CNN on one map (Ren 2015): 70 000 steps of two pictures at 0.001, divided by 10 at 50 000, from "
    "ImageNet weights; biases at twice the rate, without decay. No paper tells results of masks of such a trunk."
)


@system(
    Card(
        task="instances",
        year=2017,
        paper="He, Gkioxari, Dollár, Girshick: Mask R-CNN, arXiv 1703.06870",
        needs=("instances.boxes", "instances.labels", "instances.masks"),
        size=800,
        classes=80,
    )
)
def mask_rcnn(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet50"),
    regions: RegionOptions = RegionOptions(),
    masks: MasksOf = "per_class",
    size: int = 800,
    neck_channels: int | None = None,
    pooled_from: PooledFrom = "pyramid",
) -> System:
    """A box and a mask for each object.

    Regions are found as `faster_rcnn` finds them: on a feature pyramid; on the map of stride 16 of a trunk whose last
    stage then sees each region; or, where the trunk ends in fully connected layers, on its map of stride 16. Both
    answers pool by RoI align.

    Args:
        classes: Names of the classes.
        trunk: One with maps of strides 4, 8, 16 and 32, such as ``resnet50``; or a VGG, CaffeNet, AlexNet or ZFNet.
        regions: How regions are proposed, learnt from and told.
        masks: ``per_class``: each region has a mask for each class, and that of its own learns. ``agnostic``: one for
            whatever it shows (section 4.1 finds them nearly as good).
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        neck_channels: Channels of the pyramid and of the mask's layers, and a quarter of those of the two layers that
            see a box; by default 256 times `width`. 64 are enough for few classes.
        pooled_from: Of a trunk without fully connected layers. ``pyramid``: a feature pyramid, masks of 28 × 28 cells.
            ``c4``: the map of stride 16; the trunk's last stage looks at each region, for boxes and masks alike, and
            masks have 14 × 14 cells (figure 4, left); it is slow.

    Raises:
        UsageError: The trunk lacks a map of a stride, or, without a pyramid, no anchor fits into a picture, or there is
            no neck to have channels.
    """
    told = len(classes) if masks == "per_class" else 1
    if pooled_from == "c4":
        no_neck(neck_channels, "pooled_from='c4'")
        found = c4_faster_rcnn(classes, trunk, "joint", regions, size, stage_masks(told, trunk.width))
        found.recipe = replace(found.recipe, best="mask_AP", note=C4_NOTE)
        return found
    if trunk.fully_connected:
        no_neck(neck_channels, trunk.named)
        found = classic_faster_rcnn(classes, trunk, "joint", regions, size, mask_column(told), "align")
    else:
        found = pyramid_faster_rcnn(classes, trunk, "joint", regions, size, neck_channels, mask_column(told))
    found.recipe = replace(found.recipe, best="mask_AP", note=MAP_NOTE if trunk.fully_connected else NOTE)
    return found


def stage_masks(masks: int, width: float) -> StageColumns:
    """What makes the top of masks of a trunk's last stage, whose layers the boxes have: so many masks a region."""

    def made(stage: LastStage) -> dict[str, MaskTop]:
        tower = MaskTower(stage.pool, Borrowed(stage.layers), stage.channels, masks, scaled(HIDDEN, width))
        return {"mask": MaskTop(tower, (stage.reads,))}

    return made


def mask_column(masks: int) -> Columns:
    """What makes the top of masks of the maps that regions are pooled from: so many masks a region."""

    def made(levels: Mapping[str, Level], hidden: int) -> dict[str, MaskTop]:
        pool = RegionPool(levels, tuple(levels), POOLED, "align")
        tower = MaskTower(pool, mask_body(pool.channels, hidden), hidden, masks)
        return {"mask": MaskTop(tower, tuple(levels))}

    return made
