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
from saccade.necks.side_features import SideFeatures
from saccade.network.card import Card, system
from saccade.network.maps import IMAGE
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.segment.coarse import OF_OTHER_TRUNKS, grid_of, trunk_of_deeplab, width_of
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.dilated_vgg import POOLS, vgg_of
from saccade.trunks.surgery.spread_fc import SpreadFc

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

    Raises:
        UsageError: The trunk cannot be dilated, or has no pools to read; or there are no channels or pixels.
    """
    if hidden is not None and hidden < 1:
        raise UsageError("hidden from 1", hidden)
    known, vgg = FC[variant], vgg_of(trunk)
    fc = replace(known, filters=scaled(known.filters, width_of(trunk, vgg)) if hidden is None else hidden)
    body = trunk_of_deeplab(trunk, vgg, fc, averaged=variant == "largefov")
    grid, last = grid_of(body), list(body.levels)[-1]
    neck = _side_features(body, grid.stride) if multi_scale else None
    read = {last: body.levels[last], **({} if neck is None else neck.levels)}
    head = CoarsePixelHead(SummedScores(read, len(classes)), len(classes), corners=grid.corners)
    spec = grid.input(body.preprocessing, size)
    recipe = OF_OTHER_TRUNKS if vgg is None else RECIPE
    if vgg is not None and (variant != "largefov" or multi_scale):
        recipe = replace(RECIPE, batch=20, epochs=11, lr_factors=() if multi_scale else RECIPE.lr_factors)
    return System(body, {"pixels": head}, neck, classes=classes, input=spec, recipe=recipe)


def _side_features(body: Trunk, stride: int) -> SideFeatures:
    """Features of the picture and of the first four pools.

    Raises:
        UsageError: The trunk has no such pools.
    """
    if any(name not in body.levels for name in POOLS[:4]):
        raise UsageError(
            "a trunk with pools pool1 to pool4 for multi_scale", ", ".join(body.levels), cure="choose a VGG"
        )
    picture = Level(body.preprocessing.channels, 1)
    return SideFeatures({IMAGE: picture, **body.levels}, (IMAGE, *POOLS[:4]), stride, SIDE_CHANNELS, DROPOUT)
