"""DeepLab, second version: one map read at several rates, pictures at several sizes, the rate falling as a power.

Paper: Chen, Papandreou, Kokkinos, Murphy, Yuille 2016, DeepLab: semantic image segmentation with deep convolutional
nets, atrous convolution, and fully connected CRFs, arXiv 1606.00915.
"""

from dataclasses import replace
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.heads.pixels.coarse_head import CoarsePixelHead
from saccade.layers.decoder.coarse_scores import FusedScores
from saccade.layers.initialise import normal
from saccade.layers.scale import scaled
from saccade.layers.towers.aspp import Aspp
from saccade.losses.pixels import Labels, PixelLoss
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.segment.coarse import OF_OTHER_TRUNKS, grid_of, width_of
from saccade.trunks.chain import Chain, named
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import at_stride
from saccade.trunks.surgery.dilated_vgg import deeplab_vgg, vgg_of
from saccade.trunks.surgery.scales import Scales
from saccade.trunks.surgery.spread_fc import SpreadFc, spread_fc

Variant = Literal["aspp_l", "aspp_s", "largefov"]

# Positions between those that a branch's 3 × 3 convolution reads (section 3.2, figure 7).
RATES: dict[Variant, tuple[int, ...]] = {"aspp_l": (6, 12, 18, 24), "aspp_s": (2, 4, 8, 12), "largefov": (12,)}
FILTERS, DROPOUT = 1024, 0.5
# Sizes of the picture, the whole one last; sides can be divided by what they share below the line.
SIZES, PARTS = (0.5, 0.75, 1.0), 4

RECIPE = Recipe(
    lr=2.5e-4,
    bias_lr_factor=2.0,
    decay_all=False,
    schedule="poly",
    gamma=0.9,
    epochs=19,
    batch=10,
    augmentation=Augmentation(flip=0.5, scale=(0.5, 1.5)),
    best="miou",
    note="Chen 2016: 20 000 steps of 10 pictures of VOC's 10 582 from ImageNet's weights, rate .00025 on ResNet-101 "
    "and .001 on VGG-16, ten times that for the last layers, falling by (1 - steps / all) to the power .9; ResNet's "
    "pictures scaled by .5 to 1.5, its normalisation standing still (--norm frozen with --pretrained). Mean IoU on VOC "
    "2012 val before and after the CRF: VGG-16 LargeFOV 65.76, 69.84, ASPP-S 66.98, 69.73, ASPP-L 68.96, 71.57; "
    "ResNet-101, step by step: 68.72, at several sizes 71.27, learnt on COCO before 73.28, scaled pictures 74.87, "
    "LargeFOV 75.54, ASPP 76.35 and 77.69.",
)


@system(
    Card(
        task="segment",
        year=2016,
        paper="Chen et al.: DeepLab with atrous convolution, arXiv 1606.00915",
        needs=("semantic",),
        size=321,
        classes=21,
        needs_several=("semantic_masks",),
    )
)
def deeplab2(
    classes: tuple[str, ...],
    *,
    variant: Variant = "aspp_l",
    multi_scale: bool | None = None,
    trunk: TrunkOptions = TrunkOptions("resnet101"),
    size: int = 513,
    labels: Labels = "one",
) -> System:
    """A trunk of stride 8, read at four rates at once, on the picture at three sizes.

    Args:
        classes: Names of the classes.
        variant: What reads the last map. ``aspp_l``: branches whose rates are 6, 12, 18 and 24 positions. ``aspp_s``:
            2, 4, 8 and 12. ``largefov``: one of 12. On a VGG a branch has its two fully connected layers, of 1024
            channels; on other trunks it is one convolution.
        multi_scale: Whether the picture is seen at half, three quarters and all of its size, each of which learns, as
            does the maximum of their scores, which answers. By default it is so but for a VGG, as in the paper.
        trunk: ``resnet101``, ``vgg16``, or any trunk, ours or timm's, dilated to stride 8.
        size: Length of the longer side in pixels.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes.

    Raises:
        UsageError: The trunk cannot be dilated, or there are no pixels.
    """
    vgg = vgg_of(trunk)
    body = at_stride(trunk) if vgg is None else deeplab_vgg(vgg, averaged=variant == "largefov")
    several = vgg is None if multi_scale is None else multi_scale
    grid = grid_of(body)
    seen = Scales(body, SIZES, corners=grid.corners) if several else body
    reads = list(seen.levels) if several else list(body.levels)[-1:]
    pyramid = Aspp([_branch(body, vgg, rate, len(classes), width_of(trunk, vgg)) for rate in RATES[variant]])
    scores = FusedScores(reads, pyramid, corners=grid.corners)
    head = CoarsePixelHead(scores, len(classes), corners=grid.corners, loss=PixelLoss(labels=labels))
    spec = grid.input(body.preprocessing, size, PARTS if several else 1)
    recipe = _recipe(trunk, vgg, len(RATES[variant]))
    return System(seen, {"pixels": head}, classes=classes, input=spec, recipe=recipe)


def _branch(body: Trunk, vgg: Chain | None, rate: int, classes: int, width: float) -> nn.Module:
    """What reads a map at one rate: layers ``fc6`` and ``fc7`` of a VGG, and ``score``."""
    channels = list(body.levels.values())[-1].channels
    if vgg is None:
        branch = named(score=nn.Conv2d(channels, classes, 3, padding=rate, dilation=rate))
    else:
        fc = SpreadFc(rate=rate, filters=scaled(FILTERS, width), dropout=DROPOUT)
        layers = spread_fc(channels, fc, vgg if "fc6" in vgg.levels else None)
        branch = named(**layers, score=nn.Conv2d(fc.filters, classes, 1))
    normal(branch.get_submodule("score"), 0.01)
    return branch


def _recipe(trunk: TrunkOptions, vgg: Chain | None, branches: int) -> Recipe:
    """The paper's for its two trunks, ours for others."""
    if vgg is None and trunk.trunk != "resnet101":
        return OF_OTHER_TRUNKS
    last = tuple((f"pixels.body.layers.branch{number}.score", 10.0) for number in range(1, branches + 1))
    recipe = replace(RECIPE, lr_factors=last)
    return recipe if vgg is None else replace(recipe, lr=1e-3, augmentation=Augmentation(flip=0.5))
