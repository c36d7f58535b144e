"""R-CNN: a network looks at each region of a picture by itself, linear SVMs say what it shows.

Paper: Girshick, Donahue, Darrell, Malik 2013, Rich feature hierarchies for accurate object detection, arXiv 1311.2524.
"""

from dataclasses import dataclass, replace

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.regions.hard_negatives import SVM, MiningRules
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.sampling import RegionRules
from saccade.heads.regions.solved_top import SolvedRules, SolvedTop
from saccade.layers.pools.warp_pool import WarpPool
from saccade.network.card import Card, system
from saccade.network.maps import IMAGE
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.proposals.searches import search_named
from saccade.ops.regions.crop import CropRules, Shape
from saccade.systems.detect.parts.region import HALF, SearchOptions, regionwise
from saccade.systems.detect.parts.solved import Scores, solved_stages, told_rules
from saccade.trunks.options import CHOSEN, TrunkOptions

SIDE = 227
CONTEXT = 16

RECIPE = Recipe(
    lr=1e-3,
    bias_lr_factor=2.0,
    lr_factors=(("regions.tops.box.score", 10.0),),
    decay_all=False,
    milestones=(2 / 7, 4 / 7, 6 / 7),
    epochs=56,
    batch=4,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Girshick 2013: 70 000 steps of 128 windows, 32 of them objects, at 0.001, divided by 10 every 20 000, flips "
    "alone, from ImageNet weights, the new layer at ten times the rate, biases at twice theirs and without decay; "
    "then machines and box regression from features that were kept. VOC 2007 mAP 58.5, 54.2 without box regression; "
    "13 seconds a picture on a graphics card, 53 without.",
)


@dataclass(frozen=True)
class CropOptions(OptionGroup):
    """What the network sees of a region (section 2.1, appendix A).

    Attributes:
        crop: ``warp``: a region is stretched to the square. ``square``: the tightest square around it. ``alone``: that
            square, without what surrounds the region.
        context: Pixels of the square, on each side, that show what surrounds the region; 16 of 227, and in proportion.
        size: Side of the square in pixels; pictures themselves stay as they are.
    """

    crop: Shape = "warp"
    context: int | None = None
    size: int = SIDE

    @property
    def rules(self) -> CropRules:
        """How a region is cut out."""
        proportion = round(CONTEXT * self.size / SIDE)
        return CropRules(self.size, proportion if self.context is None else self.context, self.crop)


@system(
    Card(
        task="detect",
        year=2014,
        paper="Girshick, Donahue, Darrell, Malik: R-CNN, arXiv 1311.2524",
        needs=("instances.boxes", "instances.labels"),
        size=SIDE,
        classes=20,
    )
)
def rcnn(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("caffenet", offers=CHOSEN),
    scores: Scores = "svm",
    cost: float = 1e-3,
    regions: SearchOptions = SearchOptions(),
    crops: CropOptions = CropOptions(),
    samples: int = 32,
) -> System:
    """Regions from outside, each cut out and warped to a square, seen by a classifier's network, scored by machines.

    First the network learns to tell objects from background, from windows of which at most a quarter are objects. Then
    fc7 of every region is kept, a machine a class is solved from it with hard negatives, and box regression a class
    from pool5 of the regions that lie near an object.

    Args:
        classes: Names of the classes.
        trunk: A VGG, CaffeNet, AlexNet or ZFNet.
        scores: ``svm``: machines. ``softmax``: what the network learnt with, and no machine.
        cost: The machines' constant C, the price of a wrong example; few pictures want a greater one.
        regions: Where regions come from.
        crops: What the network sees of a region.
        samples: Windows of a picture that are learnt from, a quarter of them objects.

    Raises:
        UsageError: The trunk has no fully connected layers, there is no such search, or C is not above 0.
    """
    if cost <= 0:
        raise UsageError("a cost above 0", cost)
    body, parts = regionwise(trunk)
    pool = WarpPool(body.describe, nn.AdaptiveAvgPool2d(parts.grid), crops.rules, IMAGE)
    sizes = (parts.trunk.levels[parts.reads].channels * parts.grid**2, parts.size)
    mining = MiningRules(svm=replace(SVM, cost=cost))
    rules = SolvedRules(told_rules(scores, len(classes)), mining if scores == "svm" else None)
    top = SolvedTop(pool, parts.body, sizes, (IMAGE,), rules, len(classes))
    sample = RandomSampler(number=samples, share=0.25)
    head = RegionHead(None, sample, HALF, {"box": top}, RegionRules(regions.proposals, regions.proposals))
    return System(
        body,
        {"regions": head},
        classes=classes,
        input=body.preprocessing.onto(InputSpec("native")),
        recipe=replace(RECIPE, stages=solved_stages(top)),
    ).with_search(search_named(regions.search, regions.proposals))
