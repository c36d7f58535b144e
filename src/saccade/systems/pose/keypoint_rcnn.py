"""Keypoint R-CNN: Faster R-CNN on a pyramid, with a second answer for each region that stays, its joints.

Paper: He, Gkioxari, Dollár, Girshick 2017, Mask R-CNN, arXiv 1703.06870, section 5.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from saccade.core.errors import ConfigError
from saccade.core.level import Level
from saccade.core.vocabulary import Vocabularies
from saccade.heads.regions.keypoint_top import KeypointTop
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.keypoint_tower import KeypointTower, keypoint_body
from saccade.network.card import Card, system
from saccade.network.system import System
from saccade.systems.detect.faster_rcnn_pyramid import pyramid_faster_rcnn
from saccade.systems.detect.parts.region import RegionOptions
from saccade.systems.pose.joint_list import joint_list
from saccade.trunks.options import TrunkOptions

# What becomes of the grid of a small region.
Grids = Literal["kept", "reduced"]

# Positions a side of a pooled region; its grids have four times as many cells.
POOLED = 14
NOTE = (
    "He 2017 in Detectron's schedule: 90 000 steps of 16 pictures at 0.02, divided by 10 at 60 000 and 80 000, raised "
    "from a third over the first 500, flips alone, from ImageNet weights; persons alone, the shorter side one of 640 "
    "to 800. COCO AP of boxes 53.6, of joints 64.2 of ResNet-50."
)


@system(
    Card(
        task="pose",
        year=2017,
        paper="He, Gkioxari, Dollár, Girshick: Mask R-CNN, section 5, arXiv 1703.06870",
        needs=("instances.boxes", "instances.labels", "instances.keypoints", "instances.visible"),
        size=800,
        classes=1,
    )
)
def keypoint_rcnn(
    classes: tuple[str, ...] | Vocabularies,
    *,
    trunk: TrunkOptions = TrunkOptions("resnet50"),
    regions: RegionOptions = RegionOptions(),
    joints: int | None = None,
    jointed: tuple[str, ...] = (),
    grids: Grids = "kept",
    size: int = 800,
    neck_channels: int | None = None,
) -> System:
    """A box and joints for each object.

    Regions are found as `faster_rcnn` finds them on a feature pyramid. Objects that are annotated by their box alone
    teach boxes alone.

    Args:
        classes: Names of the classes; by key ``instances`` and ``joints`` where joints have names.
        trunk: One with maps of strides 4, 8, 16 and 32, such as ``resnet50``.
        regions: How regions are proposed, learnt from and told.
        joints: Number of joints of an object; that of the data, or COCO's 17.
        jointed: Names of the classes that have joints, where not all have; of others boxes alone are told.
        grids: Of a region with fewer pixels than its grid has cells, that grid is ``kept``, or ``reduced`` to these
            pixels, as released.
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        neck_channels: Channels of the pyramid, and half of those of the layers of joints; a quarter of those of the
            two layers that see a box; by default 256 times `width`. 64 are enough for few classes.

    Raises:
        UsageError: The trunk lacks a map of a stride.
        ConfigError: Joints are counted otherwise than they are named, or a class that has joints is none of those.
    """
    names = joint_list(classes, joints)
    kinds = classes["instances"] if isinstance(classes, Vocabularies) else classes
    strange = sorted(set(jointed) - set(kinds))
    if strange:
        raise ConfigError(f"some of the classes {', '.join(kinds)}", ", ".join(strange), within="jointed")
    labels = tuple(map(kinds.index, jointed)) or None

    def keypoint_top(levels: Mapping[str, Level], hidden: int) -> dict[str, KeypointTop]:
        pool = RegionPool(levels, tuple(levels), POOLED, "align")
        tower = KeypointTower(pool, keypoint_body(pool.channels, 2 * hidden), 2 * hidden, len(names))
        return {"keypoint": KeypointTop(tower, tuple(levels), classes=labels, reduced=grids == "reduced")}

    found = pyramid_faster_rcnn(kinds, trunk, "joint", regions, size, neck_channels, keypoint_top)
    found.vocabularies = Vocabularies.of({"instances": kinds, "joints": names})
    found.recipe = replace(found.recipe, best="keypoint_AP", note=NOTE)
    return found
