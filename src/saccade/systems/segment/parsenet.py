"""ParseNet: each position is told what the whole picture shows.

Paper: Liu, Rabinovich, Berg 2015, ParseNet: looking wider to see better, arXiv 1506.04579.
"""

from dataclasses import replace
from itertools import pairwise

from saccade.core.errors import UsageError
from saccade.heads.pixels.coarse_head import CoarsePixelHead
from saccade.layers.decoder.coarse_scores import SummedScores
from saccade.layers.scale import scaled
from saccade.losses.pixels import Labels, PixelLoss
from saccade.necks.global_context import MAP, GlobalContext
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.system import System
from saccade.systems.segment.coarse import OF_OTHER_TRUNKS, grid_of, large_field_vgg, width_of
from saccade.systems.segment.deeplab1 import FC
from saccade.systems.segment.deeplab1 import RECIPE as DEEPLAB
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import at_stride
from saccade.trunks.surgery.dilated_vgg import POOLS, vgg_of

SCALE = 10.0

RECIPE = replace(
    DEEPLAB,
    schedule="poly",
    gamma=0.9,
    epochs=19,
    batch=10,
    note="Liu 2015: DeepLab's LargeFOV from ImageNet's VGG-16, the rate falling as a power. The authors' solver is not "
    "to be had: rate, batch and steps are those of DeepLab's second version, whose loss is a mean as here. Mean IoU on "
    "VOC 2012 test: without global context 67.3, ParseNet 69.8; the released network on val 69.55; with fc7, conv5 and "
    "conv4 SIFT Flow 40.4; PASCAL-Context 40.4.",
)


@system(
    Card(
        task="segment",
        year=2015,
        paper="Liu, Rabinovich, Berg: ParseNet, arXiv 1506.04579",
        needs=("semantic",),
        size=321,
        classes=21,
        needs_several=("semantic_masks",),
    )
)
def parsenet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    maps: int = 1,
    scale: float = SCALE,
    size: int = 513,
    labels: Labels = "one",
) -> System:
    """DeepLab's LargeFOV, whose last map is joined by its own average at every position, both brought to one length.

    Args:
        classes: Names of the classes.
        trunk: ``vgg16`` or another VGG, made DeepLab's; or any trunk, ours or timm's, dilated to stride 8.
        maps: Maps that are read: 1, the last; 2 and 3, also the last of block 5 and of block 4 of a VGG (SIFT Flow), or
            those before the last of other trunks.
        scale: What vectors of length 1 are multiplied by at first; it learns, a number a channel.
        size: Length of the longer side in pixels.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes.

    Raises:
        UsageError: The trunk cannot be dilated, or has not as many maps of its last stride; the scale is not positive,
            or there are no pixels.
    """
    if scale <= 0:
        raise UsageError("a scale above 0", scale)
    vgg = vgg_of(trunk)
    fc = replace(FC["largefov"], filters=scaled(FC["largefov"].filters, width_of(trunk, vgg)))
    body = at_stride(trunk) if vgg is None else large_field_vgg(vgg, fc, averaged=True)
    known = _last_of_stride(body) if vgg is None else _of_blocks(body)
    if not 1 <= maps <= len(known):
        raise UsageError(f"maps from 1 to {len(known)} of {trunk.named}", maps)
    grid = grid_of(body)
    neck = GlobalContext(body.levels, known[:maps], scale)
    head = CoarsePixelHead(
        SummedScores({MAP: neck.levels[MAP]}, len(classes)),
        len(classes),
        corners=grid.corners,
        loss=PixelLoss(labels=labels),
    )
    spec = grid.input(body.preprocessing, size)
    recipe = OF_OTHER_TRUNKS if vgg is None else RECIPE
    return System(body, {"pixels": head}, neck, classes=classes, input=spec, recipe=recipe)


def _of_blocks(vgg: Trunk) -> list[str]:
    """``fc7``, and the last maps of blocks 5 and 4."""
    return ["fc7", *(before for before, name in reversed(list(pairwise(vgg.levels))) if name in POOLS[3:])]


def _last_of_stride(trunk: Trunk) -> list[str]:
    """The maps of the deepest one's stride, the deepest first."""
    levels = list(trunk.levels.items())[::-1]
    return [name for name, level in levels if level.stride == levels[0][1].stride]
