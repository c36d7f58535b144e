"""ION, the Inside-Outside Net: a region at several depths, and what recurrent sweeps know of its surroundings.

Paper: Bell, Zitnick, Bala, Girshick 2015, Inside-Outside Net, arXiv 1512.04143.
"""

from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.heads.regions.box_top import BoxRules, BoxTop
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.sampling import RegionRules
from saccade.layers.pools.skip_pool import SCALE, SkipPool
from saccade.layers.recurrent.irnn import stacked_irnns
from saccade.layers.towers.region_towers import PooledTower
from saccade.necks.context import Context
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.proposals.searches import search_named
from saccade.systems.detect.parts.detector import shorter_side
from saccade.systems.detect.parts.pixel_teacher import TeacherOptions
from saccade.systems.detect.parts.region import HALF, SearchOptions, classic, outputs
from saccade.systems.detect.parts.region_stages import one_stage
from saccade.systems.detect.parts.suppression_options import SuppressionOptions
from saccade.trunks.options import CHOSEN, TrunkOptions
from saccade.trunks.surgery.cut import last_of_strides

STRIDES, FLOOR = (4, 8, 16), 0.1
BOXES = BoxRules(suppression=Suppression(score=0.05, first=100_000, overlap=0.3, limit=100))

RECIPE = Recipe(
    lr=1e-3,
    milestones=(0.75,),
    epochs=16,
    batch=2,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Fast R-CNN's schedule, from ImageNet weights. Bell 2015: VOC 2012 mAP 76.4, COCO AP 33.1 where Fast R-CNN "
    "reached 19.7. Pixels' classes as a further teacher of the context, `--segmentation-loss 1`, are worth about one "
    "point.",
)


@system(
    Card(
        task="detect",
        year=2015,
        paper="Bell, Zitnick, Bala, Girshick: Inside-Outside Net, arXiv 1512.04143",
        needs=("instances.boxes", "instances.labels"),
        size=600,
        classes=20,
    )
)
def ion(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16", offers=CHOSEN),
    regions: SearchOptions = SearchOptions(),
    teacher: TeacherOptions = TeacherOptions(),
    suppression: SuppressionOptions = SuppressionOptions(offers=("limit", "vote")),
    fixed: bool = False,
    rounds: int = 1,
    size: int = 600,
) -> System:
    """Each region pooled from three depths and from a map of context, brought to one length, then fc6 and fc7.

    Args:
        classes: Names of the classes.
        trunk: A VGG, or another trunk with fully connected layers and maps of strides 4, 8 and 16.
        regions: Where regions come from.
        teacher: Whether pixels' classes teach the map of context, and all before it.
        suppression: How many boxes are told, and whether others move them, as the paper lets them in testing.
        fixed: Whether the sweeps' recurrent weights stay the identity (section 6.3).
        rounds: How often a region is looked at in use: 2, as the paper does in testing, looks again where the first
            look saw the object.
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.

    Raises:
        UsageError: The trunk has no fully connected layers or lacks a map, or there is no such search.
    """
    parts = classic(trunk)
    reads = last_of_strides(parts.trunk, STRIDES)
    read = parts.trunk.levels[parts.reads].channels
    neck = Context(parts.trunk.levels, parts.reads, stacked_irnns(read, fixed=fixed), read)
    levels, seen = {**parts.trunk.levels, **neck.levels}, (*reads, *neck.levels)
    # Fewer numbers of length 1 are larger ones: the scale keeps what fc6 gets as large as the paper's.
    pool = SkipPool(levels, seen, levels[parts.reads].channels, parts.grid, scale=SCALE * trunk.width**0.5, learnt=True)
    rules = replace(BOXES, suppression=suppression.applied(BOXES.suppression), rounds=rounds)
    tower = PooledTower(pool, parts.body, parts.size, outputs(rules, len(classes)))
    tops = {"box": BoxTop(tower, seen, rules, len(classes))}
    looked_at = RegionRules(regions.proposals, regions.proposals, floor=FLOOR)
    head = RegionHead(None, RandomSampler(number=64, share=0.25), HALF, tops, looked_at)
    taught = teacher.taught(levels, len(classes), *neck.levels)
    return System(
        parts.trunk,
        {"regions": head, **taught.heads},
        neck,
        loss_weights=taught.loss_weights,
        silent=taught.silent,
        classes=classes,
        input=shorter_side(size, parts.trunk.preprocessing),
        recipe=replace(RECIPE, stages=one_stage(parts.trunk, trunk.pretrained)),
    ).with_search(search_named(regions.search, regions.proposals))
