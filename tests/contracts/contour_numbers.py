"""Rows of the table of the papers' numbers that systems for contours say."""

from collections.abc import Callable
from functools import cache

import torch
from torch import nn

from saccade.layers.decoder.upsampling import kernel_side
from saccade.network.system import System
from saccade.systems.build import build


@cache
def made(name: str, classes: int) -> System:
    """The system, on the device that has no memory."""
    with torch.device("meta"):
        return build(name, classes)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def kernels() -> str:
    """Sides of the fixed kernels that bring the sides of strides 2 to 16 to the picture's pixels."""
    strides = [made("edgenet", 1).trunk.levels[name].stride or 1 for name in made("edgenet", 1).heads["contours"].reads]
    return " ".join(str(kernel_side(stride)) for stride in strides if stride > 1)


def contour_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built networks."""
    return {
        ("HED", "params"): lambda: parameters(made("edgenet", 1)),
        ("HED", "deconv kernels of sides 2 to 5"): kernels,
        ("HED", "pad of conv1_1"): lambda: next(
            layer.padding[0] for layer in made("edgenet", 1).trunk.modules() if isinstance(layer, nn.Conv2d)
        ),
        ("CASENet", "params of new layers, 20 classes"): lambda: parameters(
            made("semantic_edges", 20).heads["contours"]
        ),
    }
