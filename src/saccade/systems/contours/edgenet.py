"""HED: a classifier's maps, each of which draws contours by itself, and all of them together.

Paper: Xie, Tu 2015, Holistically-nested edge detection, arXiv 1504.06375; recipe and sizes of the released network.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.heads.contours.contour_head import ContourHead, Target, Told
from saccade.layers.decoder.contour_scores import SideScores
from saccade.losses.contours import Consensus, Disputed, Over, together
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.segment.coarse import Grid, grid_of
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, finest_of_strides
from saccade.trunks.surgery.dilated_vgg import is_vgg
from saccade.trunks.surgery.wide_padding import widely_padded

# Sides: maps of strides 1 to 16 of a VGG.
SIDES = 5
# Pixels of zeros around the picture in the released network's first layer.
PADDING = 35

PAPER = Recipe(
    lr=1e-6,
    bias_lr_factor=2.0,
    momentum=0.9,
    weight_decay=2e-4,
    decay_all=False,
    schedule="step",
    milestones=(1 / 3, 2 / 3),
    epochs=1000,
    batch=10,
    augmentation=Augmentation(flip=0.5, zoom=(0.5, 1.5)),
    few=True,
    note="Xie 2015, as released: the loss is a sum over a picture's pixels, a mean over ten pictures a step; rate "
    "1e-6, 100 times as much in block 5, .01 in the sides, .001 in their sum; by .1 after each third of 30 000 steps. "
    "Pictures are flipped and shown at half, one and a half times their size; the paper turns them to 16 angles, too. "
    "On BSDS500, 300 pictures: ODS .782, OIS .804, AP .833.",
)
RECIPE = Recipe(
    optimiser="adamw",
    lr=1e-3,
    lr_factors=(("contours", 10.0),),
    weight_decay=1e-4,
    decay_all=False,
    schedule="cosine",
    warmup=0.05,
    epochs=60,
    batch=8,
    augmentation=Augmentation(flip=0.5, zoom=(0.75, 1.33), brightness=0.2, contrast=0.2, saturation=0.2),
    few=True,
    note="Ours, for a mean over pixels and any trunk, since the released rates are for ImageNet's VGG-16 alone: AdamW, "
    "the rate falling to 0 by a cosine, ten times as much in the sides, which begin at 0. " + PAPER.note,
)


@dataclass(frozen=True)
class ContourOptions(OptionGroup):
    """What is learnt, and what is told.

    Attributes:
        consensus: Share of the people who drew a picture from which on a pixel that they drew is a contour.
        disputed: What fewer drew. ``nothing``: no contour, as released. ``ignored``: it does not count.
        loss: ``sum``: over a picture's pixels, as released, with the released rates on a VGG. ``mean``: over pixels,
            with a recipe of ours. By default the sum on a VGG without normalisation, else the mean.
        told: ``merged``: the mean of the probabilities of all sides and of their sum, as the paper. ``fused``: that of
            their sum alone.
    """

    consensus: float = 0.5
    disputed: Disputed = "nothing"
    loss: Over | None = None
    told: Told = "merged"


@system(
    Card(
        task="contours",
        year=2015,
        paper="Xie, Tu: Holistically-nested edge detection, arXiv 1504.06375",
        needs=("contours",),
        size=481,
        classes=1,
    )
)
def edgenet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    contours: ContourOptions = ContourOptions(),
    padding: int | None = None,
    size: int = 481,
) -> System:
    """Contours of each of a trunk's sizes of maps, learnt by themselves, and of their weighted sum.

    Args:
        classes: What maps of contours are: ``contour``, where people drew one map each; or classes, a map each, whose
            contours are learnt together.
        trunk: ``vgg16``, another VGG, or any trunk, ours or timm's; the last map of each of its five finest strides.
        contours: What is learnt, and what is told.
        padding: Pixels of zeros around the picture in the first layer of a VGG without normalisation, by default the
            released 35. 0: each layer is padded by itself, which is cheaper where pictures are small; other trunks are
            so always.
        size: Length of the longer side in pixels.

    Raises:
        UsageError: The trunk has maps of one stride alone, or is no VGG and shall be padded; there are no pixels; or
            the consensus is no share.
        ConfigError: The padding is too narrow.
    """
    whole = trunk.built(fc=False)
    names, vgg = finest_of_strides(whole, SIDES), is_vgg(whole) and not _normalises(whole)
    body = _padded(cut(whole, names[-1]), trunk.named, PADDING if padding is None and vgg else padding or 0, vgg=vgg)
    spec = _input(body, size)
    over: Over = contours.loss or ("sum" if vgg else "mean")
    head = ContourHead(
        SideScores({name: body.levels[name] for name in names}, corners=spec.remainder > 0),
        target_of(classes, Consensus(contours.consensus, contours.disputed)),
        over=over,
        told=contours.told,
    )
    recipe = _released(names[-1]) if vgg and over == "sum" else RECIPE
    return System(body, {"contours": head}, classes=classes, input=spec, recipe=recipe)


def _normalises(trunk: Trunk) -> bool:
    """Whether it normalises, as no trunk of the paper's time does."""
    return any("norm" in name.rpartition(".")[2] for name, _ in trunk.named_modules())


def target_of(classes: Sequence[str], consensus: Consensus) -> Target:
    """What is learnt as contours of whatever: what people agree on, or what bounds any class."""
    return consensus if tuple(classes) == UNTOLD_CONTOURS else together


def _padded(body: Trunk, named: str, padding: int, *, vgg: bool) -> Trunk:
    """The trunk, padded in its first layer where that is asked for."""
    if not padding:
        return body
    if not vgg or not isinstance(body, Chain):
        raise UsageError("padding 0 of a trunk that is no VGG", f"{padding} with {named}", cure="leave padding out")
    return widely_padded(body, padding)


def _input(body: Trunk, size: int) -> InputSpec:
    """Pictures whose longer side is `size` pixels; where layers pad by themselves, positions cover them."""
    deepest = list(body.levels.values())[-1]
    return (Grid(1, False) if deepest.offset else grid_of(body)).input(body.preprocessing, size)


def _released(deepest: str) -> Recipe:
    """The released recipe, block 5 being the stage that ends in the map `deepest`."""
    factors = ((f"trunk.{deepest}", 100.0), ("contours.body.side", 0.01), ("contours.body.fuse", 0.001))
    return replace(PAPER, lr_factors=factors)
