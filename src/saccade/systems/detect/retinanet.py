"""RetinaNet: dense anchors over a pyramid, and a loss that easy background cannot drown.

Paper: Lin, Goyal, Girshick, He, Dollár 2017, Focal loss for dense object detection, arXiv 1708.02002.
"""

from dataclasses import replace
from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.dense.dense_boxes import DenseBoxHead, DenseRules
from saccade.layers.towers.anchors import Anchors, pyramid_anchors
from saccade.layers.towers.dense_towers import TwinTower
from saccade.losses.scores import FocalScores
from saccade.necks.pyramid import Pyramid
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import everything
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.parts.detector import pyramid_channels, shorter_side, strides_of, trunk_to
from saccade.systems.detect.parts.pixel_teacher import TeacherOptions
from saccade.systems.detect.parts.region_stages import one_stage
from saccade.systems.detect.parts.suppression_options import SuppressionOptions
from saccade.trunks.options import TrunkOptions

RATIOS, OCTAVES = (0.5, 1.0, 2.0), 3

RULES = DenseRules(
    coder=DeltaCoder(),
    matcher=Matcher(high=0.5, low=0.4, best="ties"),
    sample=everything,
    score_loss=FocalScores(alpha=0.25, gamma=2.0),
    suppression=Suppression(score=0.05, first=1000, overlap=0.5, limit=100),
    beta=0.11,
)

RECIPE = Recipe(
    lr=0.01,
    weight_decay=1e-4,
    milestones=(2 / 3, 8 / 9),
    warmup=500 / 90_000,
    warmup_start=1 / 3,
    epochs=12,
    batch=16,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Lin 2017: 90 000 steps of 16 pictures on COCO, rate divided by 10 at 60 000 and 80 000, raised from a third "
    "over the first 500 (Detectron), flips alone. COCO test-dev AP: 39.1 of ResNet-101, 800 pixels, scales drawn in "
    "training; 35.7 of ResNet-50 in Detectron.",
)


@system(
    Card(
        task="detect",
        year=2017,
        paper="Lin, Goyal, Girshick, He, Dollár: Focal loss for dense object detection, arXiv 1708.02002",
        needs=("instances.boxes", "instances.labels"),
        size=800,
        classes=80,
    )
)
def retinanet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet50"),
    teacher: TeacherOptions = TeacherOptions(),
    suppression: SuppressionOptions = SuppressionOptions(offers=("limit", "suppress")),
    pyramid: Literal["convs_of_c5", "convs_of_p5"] = "convs_of_c5",
    size: int = 800,
    finest: float = 32,
    neck_channels: int | None = None,
) -> System:
    """A trunk, a feature pyramid of five maps, and two towers that all maps share.

    Args:
        classes: Names of the classes.
        trunk: A trunk with maps of strides 8, 16 and 32.
        teacher: Whether pixels' classes teach the features too.
        suppression: How many boxes are told, and what becomes of those that a better one overlaps.
        pyramid: What the two coarsest maps are made of: the trunk's deepest (paper), or the pyramid's (torchvision).
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        finest: Side of the smallest anchors in input pixels; those of each coarser map are twice as large. Objects much
            smaller are not found.
        neck_channels: Channels of the pyramid and the towers; by default 256 times `width`. 64 are enough for few
            classes and cost a twelfth.

    Raises:
        UsageError: The trunk lacks a map of a stride, the smallest anchors are below a pixel, or there are no channels.
    """
    if not finest >= 1:
        raise UsageError("a side of the smallest anchors from 1 pixel", f"finest={finest}")
    body, reads = trunk_to(trunk, (8, 16, 32))
    wide = pyramid_channels(neck_channels, trunk.width)
    neck = Pyramid(body.levels, reads, wide, pyramid)
    sizes = [finest * 2**step for step in range(len(neck.levels))]
    tower = TwinTower(wide, OCTAVES * len(RATIOS), len(classes))
    rules = replace(RULES, suppression=suppression.applied(RULES.suppression))
    anchors = Anchors(pyramid_anchors(sizes, OCTAVES, RATIOS), strides_of(neck))
    head = DenseBoxHead(tuple(neck.levels), tower, anchors, rules, len(classes))
    taught = teacher.taught(body.levels, len(classes))
    return System(
        body,
        {"boxes": head, **taught.heads},
        neck,
        loss_weights=taught.loss_weights,
        silent=taught.silent,
        classes=classes,
        input=shorter_side(size, body.preprocessing, multiple=32),
        recipe=replace(RECIPE, stages=one_stage(body, trunk.pretrained)),
    )
