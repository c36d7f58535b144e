"""Patches: a classifier is asked about the middle pixel of the patch about each pixel, one by one or all at once.

Paper: Cireşan, Giusti, Gambardella, Schmidhuber 2012, Deep neural networks segment neuronal membranes in electron
microscopy images, NIPS 25; at once as in Giusti et al. 2013, arXiv 1302.1700.
"""

from dataclasses import dataclass, replace
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.patch_head import PatchPixelHead
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.layers.initialise import he_normal
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.trunks.chain import Chain
from saccade.trunks.options import SCALED, TrunkOptions
from saccade.trunks.surgery.every_pixel import every_pixel
from saccade.trunks.surgery.window_trunk import window_by_window

RECIPE = Recipe(
    optimiser="adamw",
    lr=2e-3,
    weight_decay=1e-4,
    decay_all=False,
    schedule="cosine",
    warmup=0.05,
    epochs=60,
    batch=8,
    augmentation=Augmentation(flip=0.5),
    best="miou",
    note="Cireşan 2012: plain descent on patches of 95 pixels, as many of each class, mirrored at the border, flipped "
    "and turned by quarters; ISBI 2012, four networks together: rand error .0504, warping error .00042. AdamW and the "
    "rest are ours. Patch by patch it learns from 64 of each picture; at once from all pixels.",
)


@dataclass(frozen=True)
class PatchOptions(OptionGroup):
    """What the classifier sees, and how it is asked.

    Attributes:
        patch: Side of a patch in pixels, one that every pool halves without a rest: 63, 79, 95 … for a depth of 4; 31,
            39, 47 … for 3; 15, 19 … for 2.
        depth: Convolutions of the classifier, 1 to 4, each with a pool after it.
        evaluate: ``dense``: all patches of a picture at once, in learning and in use. ``patches``: each is cut out and
            runs alone, which gives the same answers and costs hundreds of times as much.
        samples: Patches of a picture that are learnt from, patch by patch.
    """

    patch: int = 95
    depth: int = 4
    evaluate: Literal["dense", "patches"] = "dense"
    samples: int = 64


@system(
    Card(
        task="segment",
        year=2012,
        paper="Cireşan, Giusti, Gambardella, Schmidhuber: Deep neural networks segment neuronal membranes, NIPS 25",
        needs=("semantic",),
        size=512,
        classes=2,
    )
)
def patch_pixels(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("patch_cnn", offers=SCALED),
    patches: PatchOptions = PatchOptions(),
    size: int | None = None,
) -> System:
    """A small network without padding that says what the middle pixel of a patch is; pictures are mirrored beyond them.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built.
        patches: What the classifier sees, and how it is asked.
        size: Side in pixels that pictures are stretched to; by default they stay as they are.

    Raises:
        UsageError: Pools do not halve such a patch, or there is no pixel or patch.
    """
    for name, value in (("size", size), ("samples", patches.samples)):
        if value is not None and value < 1:
            raise UsageError(f"{name} from 1", value)
    classifier = trunk.built(patch=patches.patch, depth=patches.depth)
    if not isinstance(classifier, Chain):
        raise TypeError(f"patch_cnn should be a chain, found {type(classifier).__name__}")
    channels = classifier.preprocessing.channels
    last, level = list(classifier.levels.items())[-1]
    scores = nn.Conv2d(level.channels, len(classes), 1)
    he_normal(scores)
    if patches.evaluate == "dense":
        body = every_pixel(classifier, patches.patch, channels)
        head = PixelHead(last, scores, len(classes), offset=body.levels[last].offset)
    else:
        body, _ = window_by_window(classifier, patches.patch, channels)
        head = PatchPixelHead(body.describe, scores, len(classes), patches.patch, patches.samples)
    how = InputSpec() if size is None else InputSpec.stretch(size)
    spec = body.preprocessing.onto(replace(how, margin=patches.patch // 2, padding="mirror"))
    return System(body, {"pixels": head}, classes=classes, input=spec, recipe=RECIPE)
