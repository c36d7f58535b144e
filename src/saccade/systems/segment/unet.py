"""U-Net: a contracting path, and an expanding one that joins each depth's maps again.

Paper: Ronneberger, Fischer, Brox 2015, U-Net: Convolutional networks for biomedical image segmentation, arXiv
1505.04597.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import ceil

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.layers.decoder.fuse import Concat
from saccade.layers.decoder.grow import Between, Transposed
from saccade.layers.initialise import he_normal
from saccade.losses.border_weights import BorderWeights
from saccade.losses.pixels import Labels, PixelLoss
from saccade.necks.decoder import Decoder, Step
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.segment.parts.background import background_of
from saccade.trunks.networks.unet import Padding, two_convolutions
from saccade.trunks.options import TrunkOptions

OWN = "unet"
# Each depth of the unpadded path has an even side to halve for sides of 188, 204 … 572 pixels.
REMAINDER = 12

RECIPE = Recipe(
    lr=1e-3,
    momentum=0.99,
    weight_decay=0.0,
    schedule="poly",
    gamma=0.9,
    epochs=100,
    batch=1,
    augmentation=Augmentation(flip=0.5, rotate=15, translate=0.05, elastic=(10.0, 256.0), brightness=0.1, contrast=0.1),
    best="miou",
    note="Ronneberger 2015: one tile a step, momentum .99; elastic displacements of 10 pixels' deviation on 3 x 3 "
    "points of a picture of 512, shifts, rotations, grey values. The paper names neither the rate nor its schedule, "
    "nor how far pictures are turned. Convolutions begin at N(0, 2/N). ISBI 2012 (30 pictures): warping error "
    ".000353, rand error .0382; PhC-U373 IoU .9203, DIC-HeLa .7756. The released network's last up-convolution keeps "
    "128 channels (31 100 354 parameters), the paper's halves them (31 030 658 for one channel and two classes), as "
    "here.",
)

RECIPE_OF_OTHER_TRUNKS = replace(
    RECIPE,
    optimiser="adamw",
    lr=2e-3,
    weight_decay=1e-4,
    momentum=0.9,
    schedule="cosine",
    epochs=40,
    batch=8,
    note="No paper's: batches of 8 for trunks that normalise by batch, AdamW, the rate falling to 0 by a cosine.",
)


@system(
    Card(
        task="segment",
        year=2015,
        paper="Ronneberger, Fischer, Brox: U-Net, arXiv 1505.04597",
        needs=("semantic",),
        size=572,
        classes=2,
        needs_several=("semantic_masks",),
    )
)
def unet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions(OWN),
    padding: Padding | None = None,
    size: int | None = None,
    neck_channels: int | None = None,
    border_weights: bool = False,
    labels: Labels = "one",
) -> System:
    """A contracting path, or another trunk, and an expanding path of up-convolutions that joins its maps again.

    Args:
        classes: Names of the classes.
        trunk: ``unet``, the paper's path, or any trunk whose maps are halved step by step.
        padding: ``valid``: convolutions do not pad, and the picture is mirrored 92 pixels beyond its border, so that
            572 pixels are seen and 388 told (the paper, and the default for its own trunk). ``same``: they pad, which
            is quicker on small pictures; other trunks do so always.
        size: Side in pixels that pictures are stretched to, before they are mirrored beyond it; by default they stay as
            they are.
        neck_channels: Channels of the expanding path's finest map, twice as many at each coarser depth; by default each
            depth has those of the trunk's map that it is joined with.
        border_weights: Let pixels of narrow gaps between objects count up to eleven times as much. Objects are
            instances where the data has their masks, else the regions of every class but the one named background, or
            the first.
        labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
            classes, which may overlap, and of which there may be one alone.

    Raises:
        UsageError: The trunk has no two maps of which one is half the other, or pads where ``valid`` is asked for;
            there are no channels or pixels; or border weights are asked for where pixels have several classes.
    """
    own = trunk.trunk == OWN
    if padding == "valid" and not own:
        raise UsageError("padding='same' for a trunk that pads", f"padding='valid' with {trunk.named}")
    for name, value in (("neck_channels", neck_channels), ("size", size)):
        if value is not None and value < 1:
            raise UsageError(f"{name} from 1", value)
    chosen: Padding = padding or ("valid" if own else "same")
    body = trunk.built(padding=chosen) if own else trunk.built(fc=False)
    neck = expanding(body, chosen, neck_channels)
    last, level = list(neck.levels.items())[-1]
    scores = nn.Conv2d(level.channels, len(classes), 1)
    he_normal(scores)
    importance = BorderWeights(background_of(classes)) if border_weights else None
    loss = PixelLoss(labels=labels)
    head = PixelHead(last, scores, len(classes), offset=level.offset, loss=loss, importance=importance)
    spec = body.preprocessing.onto(tiles(ceil(level.offset), body.levels[neck.start], size, own=chosen == "valid"))
    recipe = _for_side(RECIPE if own else RECIPE_OF_OTHER_TRUNKS, size)
    return System(body, {"pixels": head}, neck, classes=classes, input=spec, recipe=recipe)


def expanding(trunk: Trunk, padding: Padding, finest: int | None = None) -> Decoder:
    """The expanding path from a trunk's deepest map to its finest, maps ``up4`` … ``up1`` for five depths.

    Args:
        trunk: A trunk whose maps are halved step by step.
        padding: Of its convolutions.
        finest: Channels of its finest map, or None: each depth has those of the trunk's map.

    Raises:
        UsageError: There are no two depths, or one is more than halved.
    """
    depths = last_of_each_stride(trunk.levels)
    *fine, start = depths
    steps: list[Step] = []
    entry = trunk.levels[start].channels
    for depth, name in reversed(list(enumerate(fine, 1))):
        read = trunk.levels[name].channels
        made = read if finest is None else finest * 2 ** (depth - 1)
        grow = Between(Transposed(entry, made), after=nn.ReLU(inplace=True))
        body = two_convolutions(made + read, made, padding)
        cut = 2 if padding == "valid" else 0
        steps.append(Step(f"up{depth}", name, grow, made, Concat(made, read), body, cut=cut))
        entry = made
    neck = Decoder(trunk.levels, start, steps)
    he_normal(neck)
    return neck


def last_of_each_stride(levels: Mapping[str, Level]) -> list[str]:
    """Names of the last map of each stride, from the finest: the one that has seen most.

    Raises:
        UsageError: There are no two strides, or one is not twice the one before.
    """
    last = {level.stride: name for name, level in levels.items() if level.stride is not None}
    strides = list(last)
    if len(strides) < 2 or any(after != 2 * before for before, after in pairwise(strides)):
        raise UsageError(
            "a trunk whose maps are halved step by step, at least once",
            f"strides {', '.join(map(str, strides)) or 'none'}",
            cure="choose unet, vgg16_bn, resnet18 or efficientnet_lite0, for some",
        )
    return list(last.values())


def tiles(margin: int, deepest: Level, size: int | None, *, own: bool) -> InputSpec:
    """How pictures get in: of any size or one, mirrored beyond the border as far as unpadded layers cut off.

    Args:
        margin: Pixels that are cut off on every side.
        deepest: The trunk's deepest map.
        size: Side that pictures are stretched to, or None.
        own: Whether the trunk is the paper's unpadded path.
    """
    how = InputSpec() if size is None else InputSpec.stretch(size)
    return replace(
        how,
        multiple=deepest.stride or 1,
        remainder=REMAINDER if own else 0,
        margin=margin,
        padding="mirror" if margin else "zeros",
    )


def _for_side(recipe: Recipe, size: int | None) -> Recipe:
    """The recipe, its elastic displacements as large on a picture of `size` pixels as the paper's are on one of 512."""
    if size is None or recipe.augmentation.elastic is None:
        return recipe
    scaled = tuple(length * size / 512 for length in recipe.augmentation.elastic)
    return replace(recipe, augmentation=replace(recipe.augmentation, elastic=(scaled[0], scaled[1])))
