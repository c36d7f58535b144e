"""Rows of the table of the papers' numbers that systems for pixels say: parameters, sizes of maps, crops."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from saccade.layers.decoder.skip_scores import SkipScores
from saccade.layers.decoder.upsampling import bilinear_kernel
from saccade.network.system import System
from saccade.systems.build import build

SIDE = 500


@cache
def fcn(name: str, classes: int = 21, **options: Any) -> System:
    """The system, on the device that has no memory."""
    with torch.device("meta"):
        return build(name, classes, **options)


def body(system: System) -> SkipScores:
    found = system.heads["pixels"].body
    assert isinstance(found, SkipScores)
    return found


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@cache
def maps(name: str) -> dict[str, Tensor]:
    """The trunk's maps of a picture of 500 pixels."""
    return fcn(name).trunk(torch.zeros(1, 3, SIDE, SIDE, device="meta"))


def sizes() -> str:
    return " ".join(str(maps("fcn8s")[name].shape[-1]) for name in ("conv1_2", *(f"pool{n}" for n in range(1, 6))))


def scored() -> str:
    found = body(fcn("fcn32s")).score["stride32"](maps("fcn32s")["fc7"])
    return "x".join(str(side) for side in found.shape[-2:])


def grown(name: str) -> int:
    """Side of the map that comes of the last growth, before it is cropped to the picture."""
    sides: list[int] = []
    layers = list(body(fcn(name)).grow.values())
    handle = layers[-1].register_forward_hook(lambda _layer, _read, made: sides.append(made.shape[-1]))
    body(fcn(name))(maps(name), (SIDE, SIDE))
    handle.remove()
    return sides[0]


def crops() -> str:
    fine = body(fcn("fcn8s")).shifts
    last = [-body(fcn(name)).shifts[-1] for name in ("fcn32s", "fcn16s", "fcn8s")]
    return " ".join(map(str, [*fine[:-1], *last]))


def segmenter_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built systems."""
    found: dict[tuple[str, str], Callable[[], object]] = {}
    for name in ("fcn32s", "fcn16s", "fcn8s"):
        title = name.upper().replace("FCN", "FCN-").replace("S", "s")
        found |= {
            (title, "params VOC21 without deconv kernels"): lambda n=name: (
                parameters(fcn(n)) - parameters(body(fcn(n)).grow)
            ),
            (title, "params VOC21 with full deconv kernels"): lambda n=name: parameters(fcn(n)),
            (title, "upscore size"): lambda n=name: grown(n),
        }
    lecture = "FCN (lecture)"
    return found | {
        ("FCN", "sizes 500 pad100 conv1,p1..p5"): sizes,
        ("FCN-32s", "score_fr 500"): scored,
        ("FCN", "crop offsets pool4,pool3,32s,16s,8s"): crops,
        (lecture, "32s kernel params 64*64*34"): lambda: parameters(body(fcn("fcn32s", 34, grouped=True)).grow),
        (lecture, "8s kernel params"): lambda: parameters(body(fcn("fcn8s", 34, grouped=True)).grow),
        ("FCN", "bilinear filter k=4 1-D"): lambda: " ".join(
            f"{weight:g}" for weight in (bilinear_kernel(4).sum(0) / 2).tolist()
        ),
    }
