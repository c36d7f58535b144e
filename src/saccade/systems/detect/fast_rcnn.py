"""Fast R-CNN: one pass of the trunk for a whole picture, and a small network for each region on its map.

Paper: Girshick 2015, Fast R-CNN, arXiv 1504.08083.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.regions.box_top import BoxRules
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.sampling import RegionRules
from saccade.layers.blocks.low_rank import thin_pair
from saccade.layers.initialise import normal_linear
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.proposals.searches import search_named
from saccade.systems.detect.parts.detector import shorter_side
from saccade.systems.detect.parts.region import HALF, Boxes, SearchOptions, classic, classic_box_top
from saccade.systems.detect.parts.region_stages import one_stage
from saccade.trunks.options import CHOSEN, TrunkOptions

BOXES = BoxRules(suppression=Suppression(score=0.05, first=100_000, overlap=0.3, limit=100))
FLOOR = 0.1

RECIPE = Recipe(
    lr=1e-3,
    bias_lr_factor=2.0,
    decay_all=False,
    milestones=(0.75,),
    epochs=16,
    batch=2,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Girshick 2015: 40 000 steps of two pictures, 64 regions of each, at 0.001, divided by 10 at 30 000, flips "
    "alone, from ImageNet weights whose first four convolutions stand still; biases at twice the rate, without decay. "
    "VOC 2007 mAP 66.9, with VOC 2012 70.0; 0.32 seconds a picture beside the search.",
)


@system(
    Card(
        task="detect",
        year=2015,
        paper="Girshick: Fast R-CNN, arXiv 1504.08083",
        needs=("instances.boxes", "instances.labels"),
        size=600,
        classes=20,
    )
)
def fast_rcnn(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16", offers=CHOSEN),
    regions: SearchOptions = SearchOptions(),
    boxes: Boxes = "per_class",
    ranks: tuple[int, ...] = (),
    size: int = 600,
) -> System:
    """Regions from outside, RoI max pooling from one map of stride 16, fc6 and fc7, a score and a box a class.

    Of each picture 64 regions are learnt from, a quarter of them objects; background overlaps an object by .1 to .5.

    Args:
        classes: Names of the classes.
        trunk: A VGG, CaffeNet, AlexNet or ZFNet.
        regions: Where regions come from.
        boxes: ``per_class``: each region has a box for each class. ``agnostic``: one for whatever it shows.
        ranks: Singular values that fc6 and fc7 have at most, as two thin layers each; `saccade compress` finds them
            from a run's. By default both stay whole.
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.

    Raises:
        UsageError: The trunk has no fully connected layers, there is no such search, or ranks are not two.
    """
    parts = classic(trunk)
    if ranks:
        thin(parts.body, ranks)
    tops = {"box": classic_box_top(parts, BOXES, len(classes), boxes)}
    rules = RegionRules(regions.proposals, regions.proposals, floor=FLOOR)
    head = RegionHead(None, RandomSampler(number=64, share=0.25), HALF, tops, rules)
    return System(
        parts.trunk,
        {"regions": head},
        classes=classes,
        input=shorter_side(size, parts.trunk.preprocessing),
        recipe=replace(RECIPE, stages=one_stage(parts.trunk, trunk.pretrained)),
    ).with_search(search_named(regions.search, regions.proposals))


def thin(body: nn.Sequential, ranks: Sequence[int]) -> None:
    """Let fc6 and fc7 be two thin layers each (section 3.1).

    Raises:
        UsageError: Ranks are not two numbers from 1.
    """
    if len(ranks) != 2 or min(ranks) < 1:
        raise UsageError("a rank for fc6 and one for fc7", list(ranks), cure="such as 1024,256")
    for name, rank in zip(("fc6", "fc7"), ranks, strict=True):
        stage: Any = body.get_submodule(name)
        stage.linear = thin_pair(stage.linear, rank)
        normal_linear(stage.linear)
