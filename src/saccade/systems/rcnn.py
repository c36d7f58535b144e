"""R-CNN: a network looks at each region of a picture by itself, linear machines say what it shows.

Paper: Girshick, Donahue, Darrell, Malik 2013, Rich feature hierarchies for accurate object detection, arXiv 1311.2524.
"""

from dataclasses import replace

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input_spec import InputSpec, statistics
from saccade.heads.hard_negatives import SVM, MiningRules
from saccade.heads.region_sampling import RegionRules
from saccade.heads.regions import RegionHead
from saccade.heads.solved_top import SolvedRules, SolvedTop
from saccade.layers.warp_pool import WarpPool
from saccade.network.card import Card, system
from saccade.network.maps import IMAGE
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.crop_regions import CropRules, Shape
from saccade.ops.pick import RandomPick
from saccade.ops.search import search_named
from saccade.systems.region_parts import HALF, regionwise
from saccade.systems.solved_parts import BY_MARGIN, BY_SOFTMAX, Scores, by_machines, solved_stages
from saccade.trunks import in_range

SIDE = 227
CONTEXT = 16

RECIPE = Recipe(
    lr=1e-3,
    milestones=(2 / 7, 4 / 7, 6 / 7),
    epochs=56,
    batch=4,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Girshick 2013: 70 000 steps of 128 windows, 32 of them objects, at 0.001, divided by 10 every 20 000, flips "
    "alone, from ImageNet weights; then machines and box regression from features that were kept. VOC 2007 mAP 58.5, "
    "54.2 without box regression; 13 seconds a picture on a graphics card, 53 without.",
)


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
    trunk: str = "caffenet",
    scores: Scores = "svm",
    cost: float = 1e-3,
    search: str = "selective-search",
    proposals: int = 2000,
    crop: Shape = "warp",
    context: int | None = None,
    samples: int = 32,
    pretrained: bool = False,
    width: float = 1.0,
    channels: int = 3,
    size: int = SIDE,
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
        search: Where regions come from: ``selective-search``, ``selective-search-quality``, ``edge-boxes``,
            ``windows``, or a file that ``saccade propose`` wrote.
        proposals: Regions of a picture at most.
        crop: ``warp``: a region is stretched to the square. ``square``: the tightest square around it. ``alone``: that
            square, without what surrounds the region.
        context: Pixels of the square, on each side, that show what surrounds the region; 16 of 227, and in proportion.
        samples: Windows of a picture that are learnt from, a quarter of them objects.
        pretrained: Take ImageNet weights for the trunk.
        width: Factor of all channels.
        channels: Channels of the picture.
        size: Side of the square in pixels; pictures themselves stay as they are.

    Raises:
        UsageError: The trunk has no fully connected layers, there is no such search, or C is not above 0.
    """
    if cost <= 0:
        raise UsageError("a cost above 0", cost)
    body, parts = regionwise(trunk, pretrained=pretrained, width=width, channels=channels)
    crops = CropRules(size, round(CONTEXT * size / SIDE) if context is None else context, crop)
    pool = WarpPool(body.describe, nn.AdaptiveAvgPool2d(parts.grid), crops, IMAGE)
    sizes = (parts.trunk.levels[parts.reads].channels * parts.grid**2, parts.size)
    mining = MiningRules(svm=replace(SVM, cost=cost))
    rules = SolvedRules(BY_MARGIN, mining) if by_machines(scores) else SolvedRules(BY_SOFTMAX, None)
    top = SolvedTop(pool, parts.body, sizes, (IMAGE,), rules, len(classes))
    sample = RandomPick(number=samples, share=0.25)
    head = RegionHead(None, sample, HALF, {"box": top}, RegionRules(proposals, proposals))
    mean, std = statistics(channels)
    return System(
        body,
        {"regions": head},
        classes=classes,
        input=in_range(trunk, InputSpec("native", mean=mean, std=std)),
        recipe=replace(RECIPE, stages=solved_stages(top)),
        search=search_named(search, proposals),
    )
