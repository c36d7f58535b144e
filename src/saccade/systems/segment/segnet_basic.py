"""SegNet-Basic, and the seven other decoders of the same encoder that its paper compares with it.

Paper: Badrinarayanan, Kendall, Cipolla 2015, SegNet, arXiv 1511.00561, sections 3.3 and 3.4, table 1.
"""

from collections.abc import Callable
from dataclasses import replace

from torch import nn

from saccade.heads.pixels.pixel_head import PixelHead
from saccade.layers.decoder.fuse import Addition, Fuse, Sum
from saccade.layers.decoder.grow import Between, Bilinear, Grow, LearntInterpolation, Unpool
from saccade.layers.initialise import he_normal
from saccade.losses.pixels import Labels, PixelLoss
from saccade.necks.decoder import Decoder, Step
from saccade.network.card import SystemFunction, system
from saccade.network.part import Trunk
from saccade.network.system import System
from saccade.systems.segment.segnet import CARD, RECIPE, camvid_input
from saccade.trunks.chain import Chain, named
from saccade.trunks.networks.segnet_basic import DEPTHS, KERNEL
from saccade.trunks.options import SCALED, TrunkOptions
from saccade.trunks.surgery.pooling_places import SUFFIX, pooling_places

RECIPE_BASIC = replace(
    RECIPE,
    lr=0.1,
    decay_all=True,
    epochs=327,
    batch=12,
    note="Badrinarayanan 2015: 10 000 steps of 12 pictures of CamVid's 367, a constant rate of .1, He's first weights; "
    "--balance median weighs classes by median frequency. CamVid test mIoU, so weighed: SegNet-Basic 47.7, "
    "EncoderAddition 48.5, SingleChannelDecoder 46.1, FCN-Basic 47.3, -NoAddition 44.1, -NoDimReduction 50.1, "
    "-NoAddition-NoDimReduction 45.9, Bilinear-Interpolation 43.3.",
)

COARSEST = f"pool{DEPTHS}"

# An encoder and a number of classes, to the encoder as the decoder reads it, the decoder, and the scores of its map.
Decoding = Callable[[Chain, int], tuple[Trunk, Decoder, nn.Module]]


def _study(decoding: Decoding) -> SystemFunction:
    """SegNet-Basic's encoder with a decoder."""

    @system(CARD)
    def function(
        classes: tuple[str, ...],
        *,
        trunk: TrunkOptions = TrunkOptions("segnet_basic", offers=SCALED),
        size: int = 360,
        labels: Labels = "one",
    ) -> System:
        """Four convolutions of 7 × 7 with pools between them, and one of the decoders that SegNet's paper compares.

        Args:
            classes: Names of the classes.
            trunk: How the trunk is built.
            size: Length of the shorter side in pixels; the longer is at most 4/3 of it.
            labels: ``one`` class a pixel, by a softmax; or ``several`` or none, each by a sigmoid, learnt from masks of
                classes.
        """
        built = trunk.built()
        if not isinstance(built, Chain):
            raise TypeError(f"segnet_basic should be a chain, found {type(built).__name__}")
        encoder, neck, scores = decoding(built, len(classes))
        head = PixelHead(list(neck.levels)[-1], scores, len(classes), loss=PixelLoss(labels=labels))
        spec = camvid_input(size, encoder.preprocessing)
        return System(encoder, {"pixels": head}, neck, classes=classes, input=spec, recipe=RECIPE_BASIC)

    return function


def _unpooled(*, depthwise: bool = False, adds: bool = False) -> Decoding:
    """Maxima put back, a 7 × 7 convolution that no ReLU follows, and a 1 × 1 convolution that tells classes.

    Args:
        depthwise: Whether a filter of the decoder sees one channel alone.
        adds: Whether the encoder's map of the same size is added.
    """

    def decoding(encoder: Chain, classes: int) -> tuple[Trunk, Decoder, nn.Module]:
        told, size = pooling_places(encoder), encoder.levels[COARSEST].channels
        steps: list[Step] = []
        for depth in range(DEPTHS, 0, -1):
            conv = nn.Conv2d(size, size, KERNEL, padding=KERNEL // 2, groups=size if depthwise else 1)
            grow = Between(Unpool(), after=named(conv=conv, norm=nn.BatchNorm2d(size)))
            fuse = Addition(size) if adds else None
            steps.append(Step(f"up{depth}", f"conv{depth}", grow, size, fuse, places=f"pool{depth}{SUFFIX}"))
        return _begun(told, Decoder(told.levels, COARSEST, steps), nn.Conv2d(size, classes, 1))

    return decoding


def _deconvolved(*, adds: bool = True, reduces: bool = True) -> Decoding:
    """Transposed convolutions of 8 × 8 that begin as interpolation, from the pooled maps.

    Args:
        adds: Whether the encoder's pooled map of the same size is added.
        reduces: Whether pooled maps become scores of the classes before they grow; else the finest map does.
    """

    def decoding(encoder: Chain, classes: int) -> tuple[Trunk, Decoder, nn.Module]:
        size = encoder.levels[COARSEST].channels
        made = classes if reduces else size
        steps: list[Step] = []
        for depth in range(DEPTHS, 0, -1):
            reduction = nn.Conv2d(size, made, 1) if reduces and depth == DEPTHS else None
            grow: Grow = Between(LearntInterpolation(made), before=reduction)
            fuse: Fuse | None = None
            if adds and depth > 1:
                fuse = Sum(made, size) if reduces else Addition(made)
            like = f"pool{depth - 1}" if depth > 1 else "conv1"
            steps.append(Step(f"up{depth}", like, grow, made, fuse))
        scores = nn.Identity() if reduces else nn.Conv2d(made, classes, 1)
        return _begun(encoder, Decoder(encoder.levels, COARSEST, steps), scores)

    return decoding


def _interpolated(encoder: Chain, classes: int) -> tuple[Trunk, Decoder, nn.Module]:
    """Scores of the coarsest map, and values between its positions."""
    scores = nn.Conv2d(encoder.levels[COARSEST].channels, classes, 1)
    grow = Between(Bilinear(2**DEPTHS), before=scores)
    neck = Decoder(encoder.levels, COARSEST, [Step("up1", "conv1", grow, classes)])
    return _begun(encoder, neck, nn.Identity())


def _begun(encoder: Trunk, neck: Decoder, scores: nn.Module) -> tuple[Trunk, Decoder, nn.Module]:
    """The parts, their convolutions as He begins them; transposed ones keep their interpolation."""
    for layer in (*neck.modules(), *scores.modules()):
        if isinstance(layer, nn.Conv2d):
            he_normal(layer)
    return encoder, neck, scores


segnet_basic = _study(_unpooled())
segnet_basic_encoder_addition = _study(_unpooled(adds=True))
segnet_basic_single_channel = _study(_unpooled(depthwise=True))
fcn_basic = _study(_deconvolved())
fcn_basic_noaddition = _study(_deconvolved(adds=False))
fcn_basic_nodimreduction = _study(_deconvolved(reduces=False))
fcn_basic_noaddition_nodimreduction = _study(_deconvolved(adds=False, reduces=False))
bilinear_interpolation = _study(_interpolated)
