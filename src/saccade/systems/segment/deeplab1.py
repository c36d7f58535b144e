"""DeepLab: VGG with maps of stride 8, whose first fully connected layer reads few positions, far apart.

Paper: Chen, Papandreou, Kokkinos, Murphy, Yuille 2014, Semantic image segmentation with deep convolutional nets and
fully connected CRFs, arXiv 1412.7062; layers and rates of the networks that its authors released.
"""

from dataclasses import replace
from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.heads.pixels.coarse_head import CoarsePixelHead
from saccade.layers.decoder.coarse_scores import SummedScores
from saccade.layers.scale import scaled
from saccade.losses.pixels import Labels, PixelLoss
from saccade.necks.further_layers import FurtherLayers
from saccade.necks.side_features import SideFeatures
from saccade.network.card import Card, system
from saccade.network.maps import IMAGE
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.segment.coarse import OF_OTHER_TRUNKS, grid_of, large_field_vgg, width_of
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import at_stride
from saccade.trunks.surgery.dilated_vgg import POOLS, vgg_of
from saccade.trunks.surgery.spread_fc import SpreadFc, spread_fc

Variant = Literal["largefov", "7x7", "4x4", "deeplab"]

DROPOUT = 0.5
# fc6 of the four networks of table 1; positions lie 8 pixels apart, so that it sees 224, 224, 224 and 128 pixels.
FC: dict[Variant, SpreadFc] = {
    "largefov": SpreadFc(kernel=3, rate=12, filters=1024, dropout=DROPOUT),
    "7x7": SpreadFc(kernel=7, rate=4, filters=4096, dropout=DROPOUT),
    "4x4": SpreadFc(kernel=4, rate=8, filters=4096, dropout=DROPOUT),
    "deeplab": SpreadFc(kernel=4, rate=4, filters=4096, dropout=DROPOUT),
}
SIDE_CHANNELS = 128

RECIPE = Recipe(
    lr=1e-3,
    bias_lr_factor=2.0,
    decay_all=False,
    lr_factors=(("pixels.body.score", 10.0),),
    milestones=(1 / 3, 2 / 3),
    epochs=17,
    batch=30,
    augmentation=Augmentation(flip=0.5),
    best="miou",
    note="Chen 2014, as released: 6000 steps on VOC's 10 582 pictures from ImageNet's VGG-16, rate .001 and ten times "
    "that for the new last layer, divided by 10 every 2000; biases at twice the rate, without decay; batches of 30 for "
    "LargeFOV, of 20 for the others. Mean IoU on VOC 2012 val before and after the CRF: LargeFOV 62.25, 67.64; 7x7 "
    "64.38, 67.64; 4x4 63.41, 67.14; DeepLab 59.80, 63.74; with side features LargeFOV 64.21, 68.70, DeepLab 61.30, "
    "65.21.",
)


@system(
    Card(
        task="segment",
        year=2014,
        paper="Chen et al.: DeepLab, arXiv 1412.7062",
        needs=("semantic",),
        size=321,
        classes=21,
        needs_several=("semantic_masks",),
    )
)
def deeplab1(
    classes: tuple[str, ...],
    *,
    variant: Variant = "largefov",
    multi_scale: bool = False,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    hidden: int | None = None,
    size: int = 513,
    labels: Labels = "one",
) -> System:
    """VGG whose classifier slides in steps of 8 pixels and sees far around, learnt at every eighth pixel.

    Args:
        classes: Names of the classes.
        variant: What the first fully connected layer became. ``largefov``: 3 × 3 positions, 12 apart. ``7x7``: 4
            apart. ``4x4``: 8 apart. ``deeplab``: 4 × 4, 4 apart, the first network of the paper.
        multi_scale: Whether the picture and the first four pooled maps speak too, by side features (MSc). Begin with
            ``--init`` a run without them, and ``--freeze trunk``, as the paper does.
        trunk: ``vgg16`` or another VGG; or any trunk, ours or timm's, dilated to stride 8, on which the two layers
            begin at random.
        hidden: Channels of the two layers; by default the variant's, 1024 or 4096, times `width`.
        size: Length of the longer side in pixels.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes.

    Raises:
        UsageError: The trunk cannot be dilated, or is no VGG where side features are asked for; or there are no
            channels or pixels.
    """
    if hidden is not None and hidden < 1:
        raise UsageError("hidden from 1", hidden)
    fc, vgg = FC[variant], vgg_of(trunk)
    fc = replace(fc, filters=scaled(fc.filters, width_of(trunk, vgg)) if hidden is None else hidden)
    if multi_scale and vgg is None:
        raise UsageError("a VGG for multi_scale, which reads its pools", trunk.named, cure="choose vgg16 or vgg16_bn")
    body = at_stride(trunk) if vgg is None else large_field_vgg(vgg, fc, averaged=variant == "largefov")
    grid = grid_of(body)
    neck = _layers(body, fc) if vgg is None else _side_features(body, grid.stride) if multi_scale else None
    known = {**body.levels, **({} if neck is None else neck.levels)}
    read = {name: level for name, level in known.items() if name == "fc7" or name.startswith("side")}
    head = CoarsePixelHead(
        SummedScores(read, len(classes)), len(classes), corners=grid.corners, loss=PixelLoss(labels=labels)
    )
    spec = grid.input(body.preprocessing, size)
    recipe = OF_OTHER_TRUNKS if vgg is None else RECIPE
    if vgg is not None and (variant != "largefov" or multi_scale):
        recipe = replace(RECIPE, batch=20, epochs=11, lr_factors=() if multi_scale else RECIPE.lr_factors)
    return System(body, {"pixels": head}, neck, classes=classes, input=spec, recipe=recipe)


def _layers(body: Trunk, fc: SpreadFc) -> FurtherLayers:
    """The two layers after a trunk that has none, where they begin at random, and so are no part of it."""
    name, level = list(body.levels.items())[-1]
    return FurtherLayers(body.levels, name, spread_fc(level.channels, fc), fc.filters)


def _side_features(body: Trunk, stride: int) -> SideFeatures:
    """Features of the picture and of the first four pools."""
    picture = Level(body.preprocessing.channels, 1)
    return SideFeatures({IMAGE: picture, **body.levels}, (IMAGE, *POOLS[:4]), stride, SIDE_CHANNELS, DROPOUT)
