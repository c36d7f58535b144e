"""Rows of the table of the papers' numbers that U-Net, SegNet and its study of decoders say."""

from collections.abc import Callable
from functools import cache, partial
from math import prod

import torch
from torch import nn

from saccade.analysis.describe import describe
from saccade.analysis.description import Description
from saccade.layers.decoder.grow import Transposed
from saccade.losses.border_weights import BorderWeights
from saccade.necks.decoder import Decoder
from saccade.network.system import System
from saccade.systems import SYSTEMS
from saccade.systems.build import build

# The paper rounds what it prints, and does not say which parameters it counts.
TOLERANCE = 0.03
# Millions of parameters, and what is stored of an encoder's map: a place a window is 1, a map a channel.
STUDY: dict[str, tuple[str, float]] = {
    "SegNet-Basic": ("segnet_basic", 1.425),
    "SegNet-Basic-EncoderAddition": ("segnet_basic_encoder_addition", 1.425),
    "SegNet-Basic-SingleChannelDecoder": ("segnet_basic_single_channel", 0.625),
    "Bilinear-Interpolation": ("bilinear_interpolation", 0.625),
    "FCN-Basic": ("fcn_basic", 0.65),
    "FCN-Basic-NoAddition": ("fcn_basic_noaddition", 0.65),
    "FCN-Basic-NoDimReduction": ("fcn_basic_nodimreduction", 1.625),
    "FCN-Basic-NoAddition-NoDimReduction": ("fcn_basic_noaddition_nodimreduction", 1.625),
}


@cache
def told(name: str) -> Description:
    return describe(name)


@cache
def made(name: str, classes: int | None = None, channels: int = 3) -> System:
    with torch.device("meta"):
        return build(name, classes or SYSTEMS[name].card.classes, channels=channels)


def neck_of(name: str) -> Decoder:
    neck = made(name).neck
    assert isinstance(neck, Decoder)
    return neck


def count(module: nn.Module | None, kind: type[nn.Module] = nn.Module) -> int:
    """Parameters of the layers of a kind."""
    layers = [] if module is None else [layer for layer in module.modules() if isinstance(layer, kind)]
    return sum(p.numel() for layer in layers for p in layer.parameters(recurse=False))


def published(name: str, millions: float) -> object:
    """The paper's number where the count is near it."""
    weights = told(name).weights / 1e6
    return f"{millions:g}" if abs(weights - millions) <= TOLERANCE * millions else weights


def storage(name: str) -> int:
    """What the decoder keeps of an encoder's map at most, in channels; places, two bits each, count as one."""
    steps = neck_of(name).steps
    kept = [step.channels if step.fuse is not None else int(step.places is not None) for step in steps]
    return max(kept)


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    return {map.name: tuple(map.shape) for map in told(name).maps}


def sides(names: str) -> list[int]:
    return [shapes("unet")[name][-1] for name in names.split()]


def row(values: list[int]) -> str:
    return " ".join(map(str, values))


def grown() -> list[int]:
    """Sides of U-Net's maps after each up-convolution, the coarsest first."""
    return [layer.output[-1] for layer in told("unet").layers if layer.kind == "ConvTranspose2d"]


def crops() -> list[int]:
    skips = sides("conv4 conv3 conv2 conv1")
    return [(skip - side) // 2 for skip, side in zip(skips, grown(), strict=True)]


def weighted() -> int:
    kinds = nn.Conv2d | nn.ConvTranspose2d
    assert sum(isinstance(layer, Transposed) for layer in made("unet").modules()) == 4
    return sum(isinstance(layer, kinds) for layer in made("unet").modules())


def gap(distance: float) -> str:
    return f"{BorderWeights().at(torch.tensor(distance), torch.tensor(distance)).item():.7g}"


def _unet() -> dict[tuple[str, str], Callable[[], object]]:
    spec = made("unet").input
    found: dict[tuple[str, str], Callable[[], object]] = {
        ("U-Net", f"params {channels}->{classes}"): partial(lambda c, k: count(made("unet", k, c)), channels, classes)
        for channels in (1, 3)
        for classes in (1, 2)
    }
    return found | {
        ("U-Net", "572 output"): lambda: sides("up1")[0],
        ("U-Net", "skip sizes"): lambda: row(sides("conv1 conv2 conv3 conv4")),
        ("U-Net", "decoder sizes before crop-concat"): lambda: row(grown()),
        ("U-Net", "crop per side"): lambda: row(crops()),
        ("U-Net", "bottleneck"): lambda: sides("conv5")[0],
        ("U-Net", "conv layers"): weighted,
        ("U-Net", "border per side"): lambda: spec.margin,
        ("U-Net", "valid inputs"): lambda: f"{spec.padded((1, 1))[0]}+{spec.multiple}n",
        ("U-Net", "w0 sigma"): lambda: f"{BorderWeights().peak:g} {BorderWeights().sigma:g}",
        ("U-Net", "weight map value d1=d2=0 minus w_c"): lambda: gap(0.0),
        ("U-Net", "weight map value d1=5 d2=5 sigma=5 minus w_c"): lambda: gap(5.0),
    }


def segment_decoder_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built networks."""
    segnet = "segnet"

    def pools() -> str:
        return " ".join("x".join(map(str, shapes(segnet)[f"pool{block}"][1:])) for block in range(1, 6))

    def decoder() -> int:
        return count(made(segnet).neck, nn.Conv2d) + count(made(segnet).heads)

    found: dict[tuple[str, str], Callable[[], object]] = {
        ("SegNet", "params 11 classes conv+bias"): lambda: count(made(segnet), nn.Conv2d),
        ("SegNet", "encoder params"): lambda: count(made(segnet).trunk, nn.Conv2d),
        ("SegNet", "decoder params 11 classes"): decoder,
        ("SegNet", "BN affine params"): lambda: count(made(segnet), nn.BatchNorm2d),
        ("SegNet", "pool sizes 360x480"): pools,
        ("SegNet-Basic", "layer-4 context window"): lambda: next(
            f"{layer.receptive_field:g}" for layer in told("segnet_basic").layers if layer.name == "trunk.pool4"
        ),
        ("SegNet-Basic", "64 maps 180x240 fp32"): lambda: 4 * prod(shapes("segnet_basic")["pool1"]),
        ("FCN-Basic", "11 maps 180x240 fp32"): lambda: 4 * prod(shapes("fcn_basic")["up2"]),
    }
    for title, (name, millions) in STUDY.items():
        found[title, "conv weights (derived)"] = lambda name=name: told(name).weights
        found[title, "published params"] = partial(published, name, millions)
        if title != "FCN-Basic-NoAddition":  # the paper gives none
            found[title, "storage multiplier"] = partial(storage, name)
    return found | _unet()
