"""Dilated convolutions: a front end that keeps what pools throw away, and a module that looks ever further around.

Paper: Yu, Koltun 2015, Multi-scale context aggregation by dilated convolutions, arXiv 1511.07122; layers, rates and
dilations as in the networks that the authors released.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.coarse_head import CoarsePixelHead
from saccade.layers.decoder.coarse_scores import CoarseScores, ScoresInContext
from saccade.layers.initialise import normal
from saccade.layers.towers.context_module import DILATIONS, Around, ContextModule
from saccade.losses.pixels import Labels, PixelLoss
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.systems.segment.coarse import OF_OTHER_TRUNKS, STRIDE, Grid, grid_of
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import at_stride
from saccade.trunks.surgery.dilated_vgg import Padding, front_end, vgg_of

CLASS, FRONT = "pixels/class", "pixels/front"
SCORE, CONTEXT = "pixels.body.score", "pixels.body.context"
# The front end by itself; the module, the front end standing still; both.
STAGES = (
    Stage(share=0.6, freeze=(CONTEXT,), silent=(CLASS,)),
    Stage(share=0.3, freeze=("trunk", SCORE), silent=(FRONT,)),
    Stage(share=0.1, silent=(FRONT,), lr=0.01),
)

RECIPE = Recipe(
    lr=1e-3,
    bias_lr_factor=2.0,
    decay_all=False,
    schedule="constant",
    epochs=80,
    batch=14,
    augmentation=Augmentation(flip=0.5),
    best="miou",
    note="Yu 2015: the front end learns first, 60 000 steps of 14 pictures, rate .001, momentum .9, from ImageNet's "
    "VGG-16; then the context module at .001, the front end standing still; then both at .00001. How long the second "
    "and third last is not told. Biases at twice the rate, without decay. Mean IoU on VOC 2012 test, front end alone, "
    "VOC's pictures alone: 67.6. With COCO's, val: front end 69.8, basic 71.3, large 72.1, with a CRF 73.3; test, "
    "large 73.5. CamVid, 8 layers 65.3; KITTI, 7 layers 59.2; Cityscapes, 10 layers 67.1.",
)


@dataclass(frozen=True)
class ContextOptions(OptionGroup):
    """What looks around.

    Attributes:
        context: The module after the front end's scores: ``none``; ``basic``, of as many channels as classes;
            ``large``, of up to 32 times as many.
        context_layers: Layers of the module: 8 as in the paper; 7 leaves the widest out (KITTI), 10 adds two that are
            wider (Cityscapes).
        context_padding: Where zeros are put. ``each``: around what each layer reads, as in the authors' training code.
            ``once``: around the scores, 33 positions wide for 8 layers, as in the paper; on small pictures that costs
            many times as much.
    """

    context: Literal["none", "basic", "large"] = "basic"
    context_layers: int = 8
    context_padding: Around = "each"


@system(
    Card(
        task="segment",
        year=2015,
        paper="Yu, Koltun: Dilated convolutions, arXiv 1511.07122",
        needs=("semantic",),
        size=900,
        classes=21,
        needs_several=("semantic_masks",),
    )
)
def dilated(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    context: ContextOptions = ContextOptions(),
    padding: Padding | None = None,
    order: Literal["paper", "joint"] = "paper",
    size: int = 500,
    labels: Labels = "one",
) -> System:
    """VGG without its last two pools, whose scores a context module looks at again.

    Args:
        classes: Names of the classes.
        trunk: ``vgg16`` or another VGG; or any trunk, ours or timm's, dilated to stride 8.
        context: What looks around.
        padding: ``valid``: no layer of a VGG pads, and the picture is mirrored 186 pixels beyond its border (the paper,
            and the default for a VGG). ``same``: they pad, which is quicker on small pictures; other trunks do so
            always.
        order: ``paper``: the front end learns by its own scores, then the module, then both. ``joint``: all of it
            from the start, by both scores; so a run of ``--context none`` may begin it (``--init``), with ``--freeze
            trunk,pixels.body.score`` or without.
        size: Length of the longer side in pixels, before it is mirrored.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes.

    Raises:
        UsageError: The trunk cannot be dilated, or pads where ``valid`` is asked for; there is no module of so many
            layers, or there are no pixels.
    """
    if context.context_layers not in DILATIONS:
        listed = ", ".join(map(str, DILATIONS))
        raise UsageError(f"context_layers of {listed}", context.context_layers)
    vgg = vgg_of(trunk, fc=True)
    if padding == "valid" and vgg is None:
        raise UsageError("padding='same' for a trunk that pads", f"padding='valid' with {trunk.named}")
    body = at_stride(trunk) if vgg is None else front_end(vgg, padding or "valid")
    margin = ceil(list(body.levels.values())[-1].offset)
    grid = grid_of(body) if vgg is None else Grid(STRIDE, corners=False)
    spec = _mirrored(grid.input(body.preprocessing, size), margin)
    scores, loss = _scores(body, len(classes), context), PixelLoss(labels=labels)
    head = CoarsePixelHead(scores, len(classes), corners=grid.corners, offset=margin, loss=loss)
    recipe = OF_OTHER_TRUNKS if vgg is None else RECIPE
    if context.context != "none" and order == "paper":
        recipe = replace(recipe, stages=STAGES)
    return System(body, {"pixels": head}, classes=classes, input=spec, recipe=recipe)


def _mirrored(spec: InputSpec, margin: int) -> InputSpec:
    """The spec with a mirrored margin, and sides of which unpadded layers leave a multiple of the stride."""
    if not margin:
        return spec
    return replace(spec, remainder=2 * margin % spec.multiple, margin=margin, padding="mirror")


def _scores(body: Trunk, classes: int, context: ContextOptions) -> CoarseScores:
    """The front end's last layer, and the module after it where there is one."""
    name, level = list(body.levels.items())[-1]
    score = nn.Conv2d(level.channels, classes, 1)
    normal(score, 0.001)
    if context.context == "none":
        return ScoresInContext(name, score)
    module = ContextModule(classes, context.context, context.context_layers, context.context_padding)
    return ScoresInContext(name, score, module)
