"""FCN: a classifier's layers as convolutions, their scores brought back to the picture's pixels, finer maps added.

Paper: Long, Shelhamer, Darrell 2015, Fully convolutional networks for semantic segmentation, arXiv 1411.4038; recipe
and sizes of the networks that its authors released.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.heads.pixels.skip_head import SkipPixelHead
from saccade.layers.decoder.skip_scores import ScoredMap, SkipScores
from saccade.losses.pixels import Labels, PixelLoss
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, last_of_strides
from saccade.trunks.surgery.fully_convolutional import fully_convolutional

# By which features of stride 16 and 8 are multiplied where all scores learn at once.
AT_ONCE = {16: 1e-2, 8: 1e-4}

NOTE = (
    "Long 2015, as released: the loss is a sum over a picture's pixels, one picture a step; rates 1e-10, 1e-12, 1e-14 "
    "of FCN-32s, 16s, 8s, each of which begins as the one before (at once: 1e-10), momentum .99, decay 5e-4, 100 000 "
    "steps (at once 300 000), no augmentation; biases at twice the rate and without decay, which here learn as weights "
    "do. Mean IoU on VOC 2011 val (736 pictures) of VGG-16: 63.6, 65.0, 65.5; at once 65.4."
)
PAPER = Recipe(
    lr=1e-10,
    momentum=0.99,
    weight_decay=5e-4,
    schedule="constant",
    epochs=12,
    batch=1,
    best="miou",
    note=NOTE,
)
RECIPE = Recipe(
    optimiser="adamw",
    lr=1e-3,
    weight_decay=1e-4,
    schedule="cosine",
    warmup=0.05,
    epochs=60,
    batch=8,
    augmentation=Augmentation(flip=0.5, scale=(0.75, 1.33), translate=0.1, brightness=0.2, contrast=0.2),
    best="miou",
    note="Ours, for a mean over pixels: the paper's rates learn in 100 000 steps, and only from ImageNet's VGG-16. "
    "--loss sum is as released. " + NOTE,
)


@dataclass(frozen=True)
class FcnOptions(OptionGroup):
    """How scores are made and learnt.

    Attributes:
        padding: Pixels of zeros around the picture in the first layer, where the trunk ends in fully connected layers.
            0: each layer is padded by itself, which is far cheaper where pictures are small.
        upsample: Whether the kernels that bring scores to finer maps stay bilinear (``fixed``, as released), or begin
            so and learn (``learnt``).
        grouped: One such kernel a class; else a kernel from each class to each, as released, nearly all of them 0.
        loss: ``mean``: over pixels, with a recipe of ours. ``sum``: over a picture's pixels, as released, with the
            released rates, which are for ImageNet's VGG-16, one picture a step and 100 000 steps.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes.
    """

    padding: int = 100
    upsample: Literal["fixed", "learnt"] = "fixed"
    grouped: bool = False
    loss: Literal["mean", "sum"] = "mean"
    labels: Labels = "one"


@system(
    Card(
        task="segment",
        year=2015,
        paper="Long, Shelhamer, Darrell: Fully convolutional networks, arXiv 1411.4038, section 4.1",
        needs=("semantic",),
        size=500,
        classes=21,
        needs_several=("semantic_masks",),
    )
)
def fcn32s(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    fcn: FcnOptions = FcnOptions(),
    size: int = 500,
) -> System:
    """A classifier that answers every 32 pixels, and what lies between.

    Args:
        classes: Names of the classes.
        trunk: A trunk with a map of stride 32, the last one. Fully connected layers become convolutions.
        fcn: How scores are made and learnt.
        size: Length of the longer side in pixels.

    Raises:
        UsageError: The trunk has no map of stride 32.
        ConfigError: The padding is too narrow.
    """
    return system_of_strides(classes, trunk, fcn, size, (32,), replace(PAPER, lr=1e-10), at_once=False)


@system(
    Card(
        task="segment",
        year=2015,
        paper="Long, Shelhamer, Darrell: Fully convolutional networks, arXiv 1411.4038, section 4.2",
        needs=("semantic",),
        size=500,
        classes=21,
        needs_several=("semantic_masks",),
    )
)
def fcn16s(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    fcn: FcnOptions = FcnOptions(),
    size: int = 500,
    at_once: bool = False,
) -> System:
    """FCN-32s whose scores grow to stride 16, where those of a finer map, 0 at first, are added.

    Args:
        classes: Names of the classes.
        trunk: A trunk with maps of strides 16 and 32.
        fcn: How scores are made and learnt.
        size: Length of the longer side in pixels.
        at_once: Whether all scores learn from the start, features of stride 16 times .01. Else begin with ``--init`` a
            run of ``fcn32s``, as the paper does.

    Raises:
        UsageError: The trunk lacks a map of a stride.
        ConfigError: The padding is too narrow.
    """
    return system_of_strides(classes, trunk, fcn, size, (32, 16), replace(PAPER, lr=1e-12), at_once=at_once)


@system(
    Card(
        task="segment",
        year=2015,
        paper="Long, Shelhamer, Darrell: Fully convolutional networks, arXiv 1411.4038, section 4.2",
        needs=("semantic",),
        size=500,
        classes=21,
        needs_several=("semantic_masks",),
    )
)
def fcn8s(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    fcn: FcnOptions = FcnOptions(),
    size: int = 500,
    at_once: bool = False,
) -> System:
    """FCN-16s whose scores grow to stride 8, where those of a still finer map, 0 at first, are added.

    Args:
        classes: Names of the classes.
        trunk: A trunk with maps of strides 8, 16 and 32.
        fcn: How scores are made and learnt.
        size: Length of the longer side in pixels.
        at_once: Whether all scores learn from the start, features of stride 16 times .01 and of stride 8 times .0001.
            Else begin with ``--init`` a run of ``fcn16s``, as the paper does.

    Raises:
        UsageError: The trunk lacks a map of a stride.
        ConfigError: The padding is too narrow.
    """
    return system_of_strides(classes, trunk, fcn, size, (32, 16, 8), replace(PAPER, lr=1e-14), at_once=at_once)


def system_of_strides(
    classes: Sequence[str],
    trunk: TrunkOptions,
    fcn: FcnOptions,
    size: int,
    strides: tuple[int, ...],
    paper: Recipe,
    *,
    at_once: bool,
    head: Callable[..., PixelHead] = SkipPixelHead,
) -> System:
    """An FCN of scores at falling strides.

    Args:
        classes: Names of the classes.
        trunk: A trunk with maps of the strides.
        fcn: How scores are made and learnt.
        size: Length of the longer side in pixels.
        strides: Of the maps that are scored, the coarsest first.
        paper: The recipe where the loss is a sum.
        at_once: Whether all scores learn from the start.
        head: Makes the head, of scores, the number of classes and the loss.
    """
    body, names = _trunk_and_maps(trunk, strides, fcn.padding)
    scales = AT_ONCE if at_once else {}
    maps = [ScoredMap(name, body.levels[name], scales.get(s, 1.0)) for name, s in zip(names, strides, strict=True)]
    scores = SkipScores(maps, len(classes), learnt=fcn.upsample == "learnt", grouped=fcn.grouped)
    by_paper = fcn.loss == "sum"
    loss = PixelLoss(mean_over="pictures" if by_paper else "pixels", labels=fcn.labels)
    pixels = head(scores, len(classes), loss=loss)
    # What is padded layer by layer answers for whole cells of the coarsest map.
    multiple = 1 if trunk.fully_connected and fcn.padding else strides[0]
    spec = body.preprocessing.onto(InputSpec("shorter", shorter=size, longest=size, multiple=multiple))
    recipe = replace(paper, lr=PAPER.lr if at_once else paper.lr) if by_paper else RECIPE
    return System(body, {"pixels": pixels}, classes=classes, input=spec, recipe=recipe)


def _trunk_and_maps(trunk: TrunkOptions, strides: tuple[int, ...], padding: int) -> tuple[Trunk, tuple[str, ...]]:
    """The trunk up to its deepest map, and the names of those of `strides`.

    Of a trunk that ends in fully connected layers, what the pools left is read, as the paper does; of others the last
    map of a stride, which has seen most.
    """
    whole = trunk.built()
    if not trunk.fully_connected or not isinstance(whole, Chain):
        names = last_of_strides(whole, sorted(strides))[::-1]
        return cut(whole, names[0]), names
    made = fully_convolutional(whole, padding)
    pooled = {level.stride: name for name, level in made.levels.items() if name.startswith("pool")}
    coarse, *fine = last_of_strides(made, sorted(strides))[::-1]
    return made, (coarse, *(pooled.get(made.levels[name].stride, name) for name in fine))
