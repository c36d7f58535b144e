"""Superpixels: a picture falls into small regions of like colours, and each is classified as a whole.

Papers: Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk 2012, SLIC superpixels compared to state-of-the-art superpixel
methods, IEEE TPAMI 34(11); features of a region by a convolutional network as in Farabet et al. 2013, Learning
hierarchical features for scene labeling, IEEE TPAMI 35(8), section 4.1.
"""

from dataclasses import dataclass

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.superpixel_head import SuperpixelHead
from saccade.layers.initialise import default
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.regions.slic import Slic
from saccade.trunks.chain import named
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, last_of_strides

RECIPE = Recipe(
    optimiser="adamw",
    lr=1e-3,
    weight_decay=1e-4,
    decay_all=False,
    schedule="cosine",
    warmup=0.05,
    epochs=60,
    batch=8,
    augmentation=Augmentation(flip=0.5, scale=(0.75, 1.33), translate=0.1, brightness=0.2, contrast=0.2),
    best="miou",
    note="Ours: Achanta 2012 finds superpixels and trains no network; Farabet 2013 classifies them by the features of "
    "a network of three scales.",
)


@dataclass(frozen=True)
class SuperpixelOptions(OptionGroup):
    """Into what a picture falls, and what describes a part.

    Attributes:
        superpixels: Superpixels of a picture; about as many come out.
        compactness: How much place counts beside colour, 1 to 40: the more, the squarer are superpixels. Noisy pictures
            want more.
        strides: Strides of the maps whose means describe a superpixel; of each the trunk's last map.
        hidden: Size of the layer between these means and the scores.
    """

    superpixels: int = 400
    compactness: float = 10.0
    strides: tuple[int, ...] = (4, 8, 16)
    hidden: int = 256


@system(
    Card(
        task="segment",
        year=2012,
        paper="Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk: SLIC superpixels, IEEE TPAMI 34(11)",
        needs=("semantic",),
        size=320,
        classes=21,
    )
)
def superpixels(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    regions: SuperpixelOptions = SuperpixelOptions(),
    size: int = 320,
) -> System:
    """SLIC's superpixels of a picture, each described by the means of maps over it, and classified.

    Args:
        classes: Names of the classes.
        trunk: Any trunk with maps of the strides.
        regions: Into what a picture falls, and what describes a part.
        size: Length of the shorter side in pixels; the longer is at most 4/3 of it.

    Raises:
        UsageError: The trunk lacks a map of a stride, or there is no superpixel, stride, layer or pixel.
    """
    for name, value in (("superpixels", regions.superpixels), ("hidden", regions.hidden), ("size", size)):
        if value < 1:
            raise UsageError(f"{name} from 1", value)
    if regions.compactness <= 0 or not regions.strides:
        raise UsageError("a compactness above 0 and at least one stride", f"{regions.compactness}, {regions.strides}")
    whole = trunk.built(fc=False)
    reads = last_of_strides(whole, sorted(set(regions.strides)))
    body = cut(whole, reads[-1])
    described, hidden = sum(body.levels[name].channels for name in reads), scaled(regions.hidden, trunk.width)
    classify = named(
        hidden=nn.Linear(described, hidden), relu=nn.ReLU(inplace=True), score=nn.Linear(hidden, len(classes))
    )
    default(classify)
    search = Slic(regions.superpixels, regions.compactness)
    head = SuperpixelHead(reads, classify, len(classes), search)
    spec = body.preprocessing.onto(InputSpec("shorter", shorter=size, longest=round(size * 4 / 3)))
    return System(body, {"pixels": head}, classes=classes, input=spec, recipe=RECIPE)
