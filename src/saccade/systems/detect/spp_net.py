"""SPP-net: each region's part of one map, pooled over grids of several finenesses to a vector of fixed length.

Paper: He, Zhang, Ren, Sun 2014, Spatial pyramid pooling in deep convolutional networks, arXiv 1406.4729, section 4.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.regions.box_ridge import RidgeRules
from saccade.heads.regions.box_top import BoxTop
from saccade.heads.regions.hard_negatives import MiningRules
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.sampling import RegionRules
from saccade.heads.regions.solved_top import SolvedRules, SolvedTop
from saccade.layers.initialise import normal_linear
from saccade.layers.pools.spatial_pyramid import ScaledSpatialPyramid, SpatialPyramid
from saccade.layers.scale import scaled
from saccade.layers.towers.region_towers import PooledTower
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.proposals.searches import search_named
from saccade.systems.detect.parts.detector import shorter_side, trunk_to
from saccade.systems.detect.parts.region import HALF, STRIDE, Boxes, SearchOptions, outputs
from saccade.systems.detect.parts.solved import Scores, solved_stages, told_rules
from saccade.trunks.options import CHOSEN, TrunkOptions
from saccade.trunks.surgery.scales import Scales

GRIDS = (6, 3, 2, 1)
CODER = DeltaCoder((0.1, 0.1, 0.2, 0.2))
MINING = MiningRules(distinct=0.7)

RECIPE = Recipe(
    lr=1e-4,
    bias_lr_factor=2.0,
    milestones=(5 / 6,),
    epochs=120,
    batch=2,
    augmentation=Augmentation(flip=0.5),
    difficult=False,
    best="AP",
    note="He 2014: the convolutions stand still; fully connected layers learn for 250 000 batches at 0.0001 and 50 "
    "000 at a tenth of it, biases at twice the rate, a quarter of each batch objects. VOC 2007 mAP 59.2 with five "
    "scales, 58.0 with one, with support vector machines and box regression on top (--scores svm); else softmax and "
    "box layers learn together.",
)


@system(
    Card(
        task="detect",
        year=2014,
        paper="He, Zhang, Ren, Sun: Spatial pyramid pooling, arXiv 1406.4729, section 4",
        needs=("instances.boxes", "instances.labels"),
        size=688,
        classes=20,
    )
)
def spp_net(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("zfnet", offers=CHOSEN),
    regions: SearchOptions = SearchOptions(),
    grids: tuple[int, ...] = GRIDS,
    scales: tuple[float, ...] = (1.0,),
    scores: Scores = "softmax",
    boxes: Boxes = "per_class",
    size: int = 688,
) -> System:
    """Regions from outside, each pooled over 6 × 6, 3 × 3, 2 × 2 and 1 position of its part of the map, fc6 and fc7.

    With pretrained weights the trunk stands still, as in the paper: no gradient passes through its pyramids. From
    scratch all learns.

    Args:
        classes: Names of the classes.
        trunk: A trunk with a map of stride 16.
        regions: Where regions come from.
        grids: Positions a side of each level of the pyramid.
        scales: Sizes at which a picture is seen, over `size`; each region is read where its area comes nearest to 224².
            The paper's five are .4, .48, .573, .72 and 1 of 1200.
        scores: ``softmax``: the last layer, and a box layer that learns beside it. ``svm``: machines solved with hard
            negatives and ridge regression of boxes after the fine-tuning, as the paper has it.
        boxes: ``per_class``: each region has a box for each class. ``agnostic``: one for whatever it shows.
        size: Length of the shorter side in pixels, of the paper's one scale; the longer is at most 5/3 of it.

    Raises:
        UsageError: The trunk lacks a map of stride 16, there is no such search, or options contradict each other.
    """
    alone, (reads,) = trunk_to(trunk, (STRIDE,))
    body = alone if tuple(scales) == (1.0,) else Scales(alone, _rising(scales))
    pool = _pool(body, reads, grids)
    hidden = scaled(4096, trunk.width)
    layers = nn.Sequential(
        *(nn.Linear(pool.size, hidden), nn.ReLU(), nn.Dropout(0.5)),
        *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5)),
    )
    normal_linear(layers, 0.005)
    still = ("trunk",) if trunk.pretrained else ()
    top, stages = _scored(pool, layers, hidden, len(classes), scores, boxes, still=still)
    rules = RegionRules(regions.proposals, regions.proposals, floor=0.1)
    return System(
        body,
        {"regions": RegionHead(None, RandomSampler(number=64, share=0.25), HALF, {"box": top}, rules)},
        classes=classes,
        input=shorter_side(size, body.preprocessing),
        recipe=replace(RECIPE, stages=stages),
    ).with_search(search_named(regions.search, regions.proposals))


def _scored(
    pool: SpatialPyramid | ScaledSpatialPyramid,
    layers: nn.Sequential,
    hidden: int,
    classes: int,
    scores: Scores,
    boxes: Boxes,
    *,
    still: tuple[str, ...],
) -> tuple[BoxTop | SolvedTop, tuple[Stage, ...]]:
    """What stands on fc7, a layer that descends with all others or machines that are solved for, and its stages."""
    if scores == "softmax":
        rules = told_rules(scores, classes, CODER)
        tower = PooledTower(pool, layers, hidden, outputs(rules, classes, per_class=boxes == "per_class"))
        return BoxTop(tower, _read(pool), rules, classes), (Stage(freeze=still),)
    if boxes == "agnostic":
        raise UsageError("boxes of each class beside machines", repr(boxes))
    solving = SolvedRules(told_rules(scores, classes), MINING, RidgeRules(near=0.5))
    top = SolvedTop(pool, layers, (pool.size, hidden), _read(pool), solving, classes)
    return top, solved_stages(top, still)


def _rising(scales: Sequence[float]) -> tuple[float, ...]:
    if not scales or min(scales) <= 0 or max(scales) != 1:
        raise UsageError("scales above 0, the greatest of them 1", list(scales))
    return tuple(sorted(set(scales)))


def _pool(body: Trunk, reads: str, grids: tuple[int, ...]) -> SpatialPyramid | ScaledSpatialPyramid:
    if isinstance(body, Scales):
        return ScaledSpatialPyramid(body.levels, body.factors, STRIDE, grids)
    return SpatialPyramid(body.levels[reads], reads, grids)


def _read(pool: SpatialPyramid | ScaledSpatialPyramid) -> tuple[str, ...]:
    return (pool.reads,) if isinstance(pool.reads, str) else pool.reads
