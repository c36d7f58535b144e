"""MultiPathNet: a region and its surroundings at four sizes, each through layers of its own, and six classifiers.

Paper: Zagoruyko, Lerer, Lin, Pinheiro, Gross, Chintala, Dollár 2016, A MultiPath network for object detection, arXiv
1604.02135.
"""

from copy import deepcopy
from dataclasses import replace
from functools import partial

from saccade.core.augmentation import Augmentation
from saccade.heads.regions.box_top import BoxRules, BoxTop
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.sampling import RegionRules
from saccade.layers.pools.skip_pool import SCALE, SkipPool
from saccade.layers.towers.foveal import FovealTower, FovealView
from saccade.layers.towers.region_towers import Outputs
from saccade.losses.integral_scores import IntegralScores
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.proposals.searches import search_named
from saccade.systems.detect.parts.detector import shorter_side
from saccade.systems.detect.parts.region import HALF, Classic, SearchOptions, classic
from saccade.systems.detect.parts.suppression_options import SuppressionOptions
from saccade.trunks.options import CHOSEN, TrunkOptions
from saccade.trunks.surgery.cut import last_of_strides

STRIDES, FLOOR = (4, 8, 16), 0.1
# Times a region's sides, and how many of the maps of strides 4, 8 and 16 are read there, from the coarsest on.
VIEWS = {1.0: 3, 1.5: 2, 2.0: 2, 4.0: 1}
# Boxes are made of a view of their own.
CODE = (1.5, 3)
# Overlap from which each classifier takes a region for its object.
OVERLAPS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75)
LEARN = 1000
# Regions of a picture that are learnt from, and the longer side over the shorter at most, as released.
SAMPLES, LONGEST = 64, 1000 / 800

BOXES = BoxRules(
    suppression=Suppression(score=0.05, first=100_000, overlap=0.3, limit=100),
    score_loss=IntegralScores(len(OVERLAPS)),
    overlaps=OVERLAPS,
)

RECIPE = Recipe(
    lr=1e-3,
    weight_decay=0.0,
    milestones=(0.875,),
    epochs=16,
    batch=4,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Zagoruyko 2016: 320 000 steps of four pictures, 64 regions of each, no decay of weights, the rate divided "
    "by 10 at 280 000, from ImageNet weights, whose convolutions stand still, and 1000 regions of DeepMask or "
    "SharpMask, 400 in use. COCO AP 33.5 of several networks together, second in 2015.",
)


@system(
    Card(
        task="detect",
        year=2016,
        paper="Zagoruyko, Lerer, Lin, Pinheiro, Gross, Chintala, Dollár: A MultiPath network, arXiv 1604.02135",
        needs=("instances.boxes", "instances.labels"),
        size=800,
        classes=80,
    )
)
def multipath(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16", offers=CHOSEN),
    regions: SearchOptions = SearchOptions(proposals=400),
    suppression: SuppressionOptions = SuppressionOptions(offers=("limit", "vote")),
    rounds: int = 1,
    size: int = 800,
) -> System:
    """Each region at 1, 1.5, 2 and 4 times its size, pooled from up to three depths; six classifiers of all four.

    Up to 1000 regions of a picture are learnt from, where fewer are in use.

    Args:
        classes: Names of the classes.
        trunk: A VGG, or another trunk with fully connected layers and maps of strides 4, 8 and 16. Its fc6 and fc7
            stand five times: with VGG-16 and COCO's classes the system has 624 million parameters.
        regions: Where regions come from.
        suppression: How many boxes are told, and whether others move them.
        rounds: How often a region is looked at in use: 2 looks again where the first look saw the object.
        size: Length of the shorter side in pixels; the longer is at most 5/4 of it.

    Raises:
        UsageError: The trunk has no fully connected layers or lacks a map, or there is no such search.
    """
    parts = classic(trunk)
    reads = last_of_strides(parts.trunk, STRIDES)
    view = partial(_view, parts, reads, SCALE * trunk.width**0.5)
    rules = replace(BOXES, suppression=suppression.applied(BOXES.suppression), rounds=rounds)
    asked = Outputs(rules.score_loss.channels(len(classes)), len(classes) + 1)
    tower = FovealTower([view(*look) for look in VIEWS.items()], view(*CODE), parts.size, asked)
    learn = max(regions.proposals, LEARN)
    head = RegionHead(
        None,
        RandomSampler(number=SAMPLES, share=0.25),
        HALF,
        {"box": BoxTop(tower, reads, rules, len(classes))},
        RegionRules(regions.proposals, learn, floor=FLOOR),
    )
    return System(
        parts.trunk,
        {"regions": head},
        classes=classes,
        input=replace(shorter_side(size, parts.trunk.preprocessing), longest=round(size * LONGEST)),
        recipe=replace(RECIPE, stages=(Stage(freeze=("trunk",) if trunk.pretrained else ()),)),
    ).with_search(search_named(regions.search, learn))


def _view(parts: Classic, reads: tuple[str, ...], scale: float, factor: float, maps: int) -> FovealView:
    """A look at regions of `factor` times their sides, at the coarsest `maps` of the maps."""
    channels = parts.trunk.levels[parts.reads].channels
    pool = SkipPool(parts.trunk.levels, reads[-maps:], channels, parts.grid, scale=scale)
    return FovealView(factor, pool, deepcopy(parts.body))
