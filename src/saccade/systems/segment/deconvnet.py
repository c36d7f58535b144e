"""DeconvNet: VGG-16 down to one position, and its mirror image back up, in which maxima go back to their places.

Paper: Noh, Hong, Han 2015, Learning deconvolution network for semantic segmentation, arXiv 1505.04366; constants of
training and use as in the authors' code.
"""

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor, nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.heads.pixels.proposal_head import ProposalPixelHead, ProposalRules
from saccade.layers.decoder.grow import Between, Grow, Transposed, Unpool
from saccade.layers.initialise import normal
from saccade.necks.decoder import Decoder, Step
from saccade.necks.regionwise import RegionwiseNeck
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.proposals.searches import search_named
from saccade.systems.segment.parts.background import background_of
from saccade.systems.segment.parts.mirror import blocks_of, halved_by_pools, mirrored
from saccade.trunks.chain import Chain, named
from saccade.trunks.options import CHOSEN, TrunkOptions
from saccade.trunks.surgery.fc_to_conv import dense
from saccade.trunks.surgery.pooling_places import pooling_places
from saccade.trunks.surgery.regionwise import Regionwise

SIDE = 224
# Pictures are brought to 250 pixels, of which 224 are cut out.
CROP = 250 / SIDE
# Proposals that are sought of a picture, among which the first that are large enough are looked at.
SOUGHT = 2000

RECIPE = Recipe(
    lr=0.01,
    bias_lr_factor=2.0,
    weight_decay=5e-4,
    decay_all=False,
    milestones=(0.45, 0.9),
    epochs=121,
    batch=64,
    augmentation=Augmentation(flip=0.5, scale=(CROP, CROP), translate=(CROP - 1) / 2),
    best="miou",
    note="Noh 2015, as released: .01, a tenth after 9 000 and 18 000 of 20 000 steps of 64 crops from ImageNet's "
    "VGG-16, biases at twice the rate and without decay, no dropout (objects, .2 million crops); then .01 anew, a "
    "tenth every 10 000 of 40 000 steps (proposals, 2.7 million). Batches are gathered from 8 pictures at a time, over "
    "which alone is normalised. VOC 2012 test mIoU on 50 proposals: 69.6, with a CRF 70.5; beside FCN-8s 71.7, with a "
    "CRF 72.5.",
)
# Eight pictures of eight crops each.
OBJECTS = replace(RECIPE, epochs=15, batch=8, augmentation=Augmentation(flip=0.5))
PROPOSALS = replace(OBJECTS, epochs=30, milestones=(0.25, 0.5, 0.75))


@dataclass(frozen=True)
class ProposalOptions(OptionGroup):
    """Whether the network sees whole pictures or regions of them (sections 4.2, 4.3).

    Attributes:
        sees: ``pictures``: whole ones, in learning and in use. ``objects``: learns from single objects, which alone
            have a class, and looks at proposals in use (the paper's first stage). ``proposals``: learns from proposals
            that overlap an object, and looks at proposals in use (its second stage; it begins with ``--init`` a run of
            the first).
        search: Where proposals come from: ``edge-boxes``, ``selective-search``, ``selective-search-quality``,
            ``windows``, a file that ``saccade propose`` wrote, or the folder of a run, whose network proposes them.
        proposals: Proposals of a picture that are looked at, of those whose least side is at least half of `size`.
        samples: Regions of a picture that are learnt from.
    """

    sees: Literal["pictures", "objects", "proposals"] = "pictures"
    search: str = "edge-boxes"
    proposals: int = 50
    samples: int = 8


@system(
    Card(
        task="segment",
        year=2015,
        paper="Noh, Hong, Han: Learning deconvolution network for semantic segmentation, arXiv 1505.04366",
        needs=("semantic",),
        size=SIDE,
        classes=21,
    )
)
def deconvnet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16_bn", offers=CHOSEN),
    unpool: Literal["switches", "none"] = "switches",
    regions: ProposalOptions = ProposalOptions(),
    size: int = SIDE,
) -> System:
    """VGG-16 with its fully connected layers as convolutions, and its mirror, every layer normalised by batch.

    Args:
        classes: Names of the classes.
        trunk: ``vgg16_bn``, or another VGG: it halves its maps by pools of 2 × 2 alone and ends fully connected.
        unpool: ``switches``: values go back to where the maxima were. ``none``: transposed convolutions of stride 2 in
            their place, without places, so that one can be seen beside the other.
        regions: Whether the network sees whole pictures or regions of them.
        size: Side in pixels that pictures, or regions, are stretched to; a multiple of 32.

    Raises:
        UsageError: The trunk is no VGG, the size is no multiple of 32, there is no such search, or nothing to look at.
    """
    for name, value in (("proposals", regions.proposals), ("samples", regions.samples)):
        if value < 1:
            raise UsageError(f"{name} from 1", value)
    encoder, grid = _encoder(trunk, size)
    switches = unpool == "switches"
    body: Trunk = pooling_places(encoder) if switches else encoder
    neck = _decoder(body, grid, switches=switches)
    last, level = list(neck.levels.items())[-1]
    scores = nn.Conv2d(level.channels, len(classes), 1)
    normal(nn.ModuleList([neck, scores]), width=trunk.width)
    if regions.sees == "pictures":
        head = PixelHead(last, scores, len(classes))
        spec = body.preprocessing.onto(InputSpec.stretch(size))
        return System(body, {"pixels": head}, neck, classes=classes, input=spec, recipe=RECIPE)
    rules = ProposalRules(
        size, regions.sees, regions.samples, regions.proposals, least=size / 2, background=background_of(classes)
    )
    head = ProposalPixelHead(_Network(body, neck, last), scores, len(classes), rules)
    return System(
        Regionwise(dict(body.named_children()), body.preprocessing),
        {"pixels": head},
        RegionwiseNeck(neck),
        classes=classes,
        input=body.preprocessing.onto(InputSpec("native")),
        recipe=OBJECTS if regions.sees == "objects" else PROPOSALS,
    ).with_search(search_named(regions.search, SOUGHT))


class _Network:
    """Encoder and decoder on squares that were cut out; it owns no layer.

    Args:
        encoder: Squares to maps.
        decoder: Maps to further maps.
        last: Name of the map that is wanted.
    """

    def __init__(self, encoder: Trunk, decoder: Decoder, last: str) -> None:
        self.encoder, self.decoder, self.last = encoder, decoder, last

    def __call__(self, squares: Tensor) -> Tensor:
        """(n, c, s, s) of squares (n, channels, s, s)."""
        return self.decoder(self.encoder(squares))[self.last]


def _encoder(trunk: TrunkOptions, size: int) -> tuple[Chain, int]:
    """The trunk, its fully connected layers as normalised convolutions, and the side of the map that they begin at.

    Raises:
        UsageError: It is no VGG, or the size is no multiple of its stride.
    """
    whole = halved_by_pools(trunk, fc=True)
    *_, last = blocks_of(whole)
    level = whole.levels[last.pool]
    stride = level.stride or 1
    if size < stride or size % stride:
        raise UsageError(f"a size that is a multiple of {stride}", size)
    made, grid = dense(whole), size // stride
    first = next(iter(_fully_connected(made, whole).values()))
    if first.kernel_size != (grid, grid):
        # Of another size than the trunk was built for it reads another number of positions.
        other = nn.Conv2d(level.channels, first.out_channels, grid)
        normal(other, width=trunk.width)
        made.set_submodule(next(iter(_fully_connected(made, whole))) + ".linear", other)
    for name, convolution in _fully_connected(made, whole).items():
        norm = nn.BatchNorm2d(convolution.out_channels)
        made.set_submodule(name, named(linear=convolution, norm=norm, relu=nn.ReLU(inplace=True)))
    return made, grid


def _fully_connected(made: Chain, whole: Chain) -> dict[str, nn.Conv2d]:
    """The convolutions of `made` that were fully connected layers of `whole`, by the names of their maps."""
    names = [name for name, level in whole.levels.items() if level.stride is None]
    found = {name: made.get_submodule(f"{name}.linear") for name in names}
    return {name: layer for name, layer in found.items() if isinstance(layer, nn.Conv2d)}


def _decoder(encoder: Trunk, grid: int, *, switches: bool) -> Decoder:
    """Back to the last pool's positions in one step, then block by block to the picture's pixels."""
    blocks = list(blocks_of(encoder))
    deepest, level = list(encoder.levels.items())[-1]
    pool = blocks[-1].pool
    channels = encoder.levels[pool].channels
    back = Between(Transposed(level.channels, channels, grid, 1), after=_normalised(channels))

    def grow(size: int) -> Grow:
        return Unpool() if switches else Between(Transposed(size, size), after=_normalised(size))

    steps = mirrored(blocks, grow, _deconvolution, first=True, places=switches)
    return Decoder(encoder.levels, deepest, [Step("deconv6", pool, back, channels), *steps])


def _deconvolution(entry: int, size: int) -> nn.Sequential:
    return named(conv=nn.ConvTranspose2d(entry, size, 3, padding=1), **dict(_normalised(size).named_children()))


def _normalised(size: int) -> nn.Sequential:
    return named(norm=nn.BatchNorm2d(size), relu=nn.ReLU(inplace=True))
