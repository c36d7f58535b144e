"""CASENet: contours of each class, by the deepest map and features of the finest that all classes share.

Paper: Yu, Feng, Liu, Ramalingam 2017, CASENet: deep category-aware semantic edge detection, arXiv 1705.09759; recipe
and sizes of the released network.
"""

from dataclasses import dataclass, replace
from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError
from saccade.core.options.options import OptionGroup
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.heads.contours.contour_head import ContourHead
from saccade.layers.decoder.contour_scores import ClassSideScores
from saccade.losses.contours import Over, per_class
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.contours.edgenet import RECIPE as MEAN_RECIPE
from saccade.systems.segment.coarse import grid_of
from saccade.trunks import TRUNKS
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import at_stride
from saccade.trunks.surgery.cut import finest_of_strides
from saccade.trunks.surgery.fine_stem import is_residual, with_fine_stem

# Maps whose features all classes share: of strides 1, 2 and 4 of the released network.
FINE = 3

PAPER = Recipe(
    lr=1e-7,
    bias_lr_factor=2.0,
    lr_factors=(("contours", 10.0),),
    momentum=0.9,
    weight_decay=5e-4,
    decay_all=False,
    schedule="step",
    milestones=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    epochs=118,
    batch=10,
    augmentation=Augmentation(flip=0.5, zoom=(0.5, 1.5)),
    note="Yu 2017, as released for SBD: the loss is a sum over a picture's pixels and classes, a mean over ten crops "
    "of 352 pixels a step; rate 1e-7, ten times as much in new layers, by .1 after each 10 000 of 100 000 steps; "
    "normalisation stands still (--norm frozen). Mean over classes of F at the best threshold, SBD, tolerance .02, "
    "ResNet-101 learnt on COCO before: .714.",
)
RECIPE = replace(
    MEAN_RECIPE,
    note="Ours, for a mean over pixels: the released rates are for a ResNet that has learnt, and 100 000 steps; "
    "--loss sum is as released. " + PAPER.note,
)


@dataclass(frozen=True)
class ClassContourOptions(OptionGroup):
    """What is learnt, and on which maps.

    Attributes:
        loss: ``mean``: over pixels and classes, with a recipe of ours. ``sum``: over those of a picture, as released,
            with the released rates, which are for a trunk that has learnt.
        stem: ``fine``: a residual network's first convolution steps by one, so that its finest map has a position a
            pixel, as released. ``own``: it is as it is, at a quarter of the cost; other trunks are so always.
    """

    loss: Over = "mean"
    stem: Literal["fine", "own"] = "fine"


@system(
    Card(
        task="contours",
        year=2017,
        paper="Yu, Feng, Liu, Ramalingam: CASENet, arXiv 1705.09759",
        needs=("contours",),
        size=352,
        classes=20,
    )
)
def semantic_edges(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet101"),
    contours: ClassContourOptions = ClassContourOptions(),
    size: int = 352,
) -> System:
    """Contours of each class: a pixel may lie on those of several, or of none.

    Args:
        classes: Names of the classes, each of which has a map of contours.
        trunk: A residual network, or any trunk, ours or timm's, dilated to stride 8.
        contours: What is learnt, and on which maps.
        size: Length of the longer side in pixels.

    Raises:
        ConfigError: The contours are people's, whatever they bound.
        UsageError: The trunk cannot be dilated, or has maps of one stride alone; or there are no pixels.
    """
    if tuple(classes) == UNTOLD_CONTOURS:
        raise ConfigError(
            "contours of classes, a map each",
            "contours that people drew around whatever there is",
            cure="learn them by edgenet; scenes:contours=classes are the built-in pictures with a map a class",
        )
    body = _at_stride_8(trunk, fine_stem=contours.stem == "fine")
    (*_, deep), grid = body.levels, grid_of(body)
    shared = {
        name: body.levels[name] for name in finest_of_strides(body, FINE) if body.levels[name].stride != grid.stride
    }
    scores = ClassSideScores(shared, {deep: body.levels[deep]}, len(classes), corners=grid.corners)
    head = ContourHead(scores, per_class, over=contours.loss)
    recipe = PAPER if contours.loss == "sum" else RECIPE
    spec = grid.input(body.preprocessing, size)
    return System(body, {"contours": head}, classes=classes, input=spec, recipe=recipe)


def _at_stride_8(trunk: TrunkOptions, *, fine_stem: bool) -> Trunk:
    """The trunk, its maps 8 pixels apart at most; of a residual network with a position a pixel where asked for."""
    if fine_stem and (not isinstance(trunk.trunk, str) or trunk.trunk in TRUNKS):
        whole = trunk.built(fc=False)
        if isinstance(whole, Chain) and is_residual(whole):
            return with_fine_stem(whole)
    return at_stride(trunk)
