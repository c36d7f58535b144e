"""SPP-net: each region's part of one map, pooled over grids of several finenesses to a vector of fixed length.

Paper: He, Zhang, Ren, Sun 2014, Spatial pyramid pooling in deep convolutional networks, arXiv 1406.4729, section 4.
"""

from dataclasses import replace
from functools import partial

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.heads.box_top import BoxRules, BoxTop
from saccade.heads.regions import RegionHead, RegionRules
from saccade.layers.initialise import normal_linear
from saccade.layers.region_towers import PooledTower
from saccade.layers.scale import scaled
from saccade.layers.spatial_pyramid import SpatialPyramid
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.ops.code import DeltaCoder
from saccade.ops.keep import Keep
from saccade.ops.pick import RandomPick
from saccade.ops.search import search_named
from saccade.systems.detector_parts import shorter_side, trunk_to
from saccade.systems.region_parts import HALF, STRIDE, outputs

GRIDS = (6, 3, 2, 1)
BOXES = BoxRules(keep=Keep(score=0.05, first=100_000, overlap=0.3, limit=100), coder=DeltaCoder((0.1, 0.1, 0.2, 0.2)))

RECIPE = Recipe(
    lr=1e-4,
    milestones=(5 / 6,),
    epochs=12,
    batch=2,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="He 2014: the convolutions stand still; fully connected layers learn for 250 000 batches at 0.0001 and 50 000 "
    "at a tenth of it, a quarter of each batch objects. VOC 2007 mAP 59.2 with five scales, 58.0 with one, with "
    "support vector machines and box regression on top; softmax and box layers that learn together replace them here.",
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
    trunk: str = "zfnet",
    search: str = "selective-search",
    proposals: int = 2000,
    grids: tuple[int, ...] = GRIDS,
    pretrained: bool = False,
    width: float = 1.0,
    channels: int = 3,
    size: int = 688,
) -> System:
    """Regions from outside, each pooled over 6 × 6, 3 × 3, 2 × 2 and 1 position of its part of the map, fc6 and fc7.

    With pretrained weights the trunk stands still, as in the paper: no gradient passes through its pyramids. From
    scratch all learns.

    Args:
        classes: Names of the classes.
        trunk: A trunk with a map of stride 16.
        search: Where regions come from: ``selective-search``, ``selective-search-quality``, ``windows``, or a file that
            ``saccade propose`` wrote.
        proposals: Regions of a picture at most.
        grids: Positions a side of each level of the pyramid.
        pretrained: Take ImageNet weights for the trunk, where there are some.
        width: Factor of all channels.
        channels: Channels of the picture.
        size: Length of the shorter side in pixels, of the paper's one scale; the longer is at most 5/3 of it.

    Raises:
        UsageError: The trunk lacks a map of stride 16, or there is no such search.
    """
    body, (reads,) = trunk_to(trunk, (STRIDE,), pretrained=pretrained, width=width, channels=channels)
    pool = SpatialPyramid(body.levels[reads], reads, grids)
    hidden = scaled(4096, width)
    layers = nn.Sequential(
        *(nn.Linear(pool.size, hidden), nn.ReLU(), nn.Dropout(0.5)),
        *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5)),
    )
    normal_linear(layers, 0.005)
    tower = PooledTower(pool, layers, hidden, outputs(BOXES, len(classes)))
    tops = {"box": BoxTop(tower, (reads,), BOXES, len(classes))}
    head = RegionHead(None, RandomPick(number=64, share=0.25), HALF, tops, RegionRules(proposals, proposals, floor=0.1))
    stage = Stage(freeze=("trunk",)) if pretrained else Stage()
    make = partial(System, body, {"regions": head}, classes=classes, input=shorter_side(size, channels))
    return make(recipe=replace(RECIPE, stages=(stage,)), search=search_named(search, proposals))
