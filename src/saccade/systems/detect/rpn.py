"""The region proposal network: where anything is, whatever its class.

Paper: Ren, He, Girshick, Sun 2015, Faster R-CNN, arXiv 1506.01497, section 3.1.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.dense.dense_boxes import DenseBoxHead, DenseRules
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.dense_towers import ProposalTower
from saccade.losses.scores import SoftmaxScores
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.anchors import paper_bases
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.parts.detector import longest, shorter_side, trunk_to
from saccade.systems.detect.parts.region_stages import one_stage
from saccade.trunks.options import TrunkOptions

STRIDE, SCALES, RATIOS = 16, (8.0, 16.0, 32.0), (0.5, 1.0, 2.0)

RULES = DenseRules(
    coder=DeltaCoder(),
    matcher=Matcher(high=0.7, low=0.3, best="ties"),
    sample=RandomSampler(number=256, share=0.5),
    score_loss=SoftmaxScores(),
    suppression=Suppression(score=0.0, first=6000, overlap=0.7, limit=300, side=16, small="before", alike="map"),
    beta=1 / 9,
    mean_over="sampled",
    inside=True,
)

RECIPE = Recipe(
    lr=1e-3,
    bias_lr_factor=2.0,
    decay_all=False,
    milestones=(0.75,),
    epochs=16,
    batch=1,
    augmentation=Augmentation(flip=0.5),
    difficult=False,
    best="AR100",
    note="Ren 2015: 60 000 steps of one picture at 0.001, then 20 000 at 0.0001, flips alone, from ImageNet weights; "
    "biases at twice the rate, without decay. With 300 proposals Fast R-CNN reaches 69.9 mAP on VOC 2007.",
)


@system(
    Card(
        task="detect",
        year=2015,
        paper="Ren, He, Girshick, Sun: Faster R-CNN, arXiv 1506.01497, section 3.1",
        needs=("instances.boxes",),
        size=600,
        classes=20,
    )
)
def rpn(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    size: int = 600,
    scales: tuple[float, ...] = SCALES,
) -> System:
    """Nine anchors at every position of a trunk's map of stride 16; boxes have scores and no classes.

    Args:
        classes: Names of the classes, which are not told apart.
        trunk: A trunk with a map of stride 16.
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        scales: Sides of the anchors, in units of 16 pixels; anchors that leave a picture are not learnt from.

    Raises:
        UsageError: The trunk has no map of stride 16, or no anchor fits into a picture.
    """
    body, (reads,) = trunk_to(trunk, (STRIDE,))
    head = proposal_head(reads, body.levels[reads].channels, size, scales)
    recipe = replace(RECIPE, stages=one_stage(body, trunk.pretrained))
    spec = shorter_side(size, body.preprocessing)
    return System(body, {"proposals": head}, classes=classes, input=spec, recipe=recipe)


def proposal_head(
    reads: str, channels: int, size: int, scales: Sequence[float] = SCALES, hidden: int | None = None
) -> DenseBoxHead:
    """The paper's anchors, three of each scale, on one map of stride 16, of `channels` channels.

    Args:
        reads: Name of the map.
        channels: Its channels.
        size: Shorter side of the pictures in pixels.
        scales: Sides of the anchors, in units of 16 pixels.
        hidden: Channels between; by default as many as the map has, as with VGG and ZFNet.

    Raises:
        UsageError: Every anchor leaves every picture, so that nothing could be learnt.
    """
    check_some_fit(scales, size)
    anchors = Anchors([paper_bases(scales, RATIOS)], (STRIDE,))
    tower = ProposalTower(channels, anchors.a_position[0], RULES.score_loss.channels(1), hidden)
    # The least side of a proposal, one stride, is an eighth of the smallest anchor, and stays so for other anchors.
    rules = replace(RULES, suppression=replace(RULES.suppression, side=STRIDE * min(scales) / SCALES[0]))
    return DenseBoxHead((reads,), tower, anchors, rules, None)


def check_some_fit(scales: Sequence[float], size: int) -> None:
    """Anchors that cross a picture's border are not learnt from: some must have room within the largest picture.

    Args:
        scales: Sides of the anchors, in units of 16 pixels.
        size: Shorter side of the pictures in pixels.

    Raises:
        UsageError: None has.
    """
    with torch.device("cpu"):  # a system that is only described has no numbers
        bases = paper_bases(scales, RATIOS)
    sides = (bases[:, 2:] - bases[:, :2]).sort(1).values
    if not any(short <= size and long <= longest(size) for short, long in sides.tolist()):
        least = " × ".join(f"{side:g}" for side in sides[sides.prod(1).argmin()].tolist())
        raise UsageError(
            f"anchors that fit into pictures of {size} by {longest(size)} pixels",
            f"{least} as the smallest",
            cure=f"scales are in units of {STRIDE} pixels; try smaller ones, such as "
            f"{','.join(f'{scale * size / 600:.2g}' for scale in SCALES)}, or a larger size",
        )
