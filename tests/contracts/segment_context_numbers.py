"""Rows of the table of the papers' numbers that DeepLab, its filter, and Yu and Koltun's networks say."""

from collections.abc import Callable
from functools import cache, partial
from itertools import accumulate
from typing import Any

import torch
from torch import nn

from saccade.layers.towers.context_module import ContextModule, Size
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.domain_transform import domain_transform, sigmas, weights_of
from saccade.systems.build import build
from saccade.training.step.schedule import factor

VOC = 21
# Sides of the released networks' inputs.
FRONT = (900, 500, 884, 1396, 852, 1640, 1100)


@cache
def made(name: str, **options: Any) -> System:
    """The system, on the device that has no memory."""
    with torch.device("meta"):
        return build(name, VOC, **options)


def parameters(module: nn.Module | None) -> int:
    return 0 if module is None else sum(p.numel() for p in module.parameters())


def sides(system: System, names: str, side: int) -> list[int]:
    maps = system.trunk(torch.zeros(1, 3, side, side, device="meta"))
    return [maps[name].shape[-1] for name in names.split()]


def row(values: list[int]) -> str:
    return " ".join(map(str, values))


def last_map() -> str:
    """Positions that are scored of a picture of 321 pixels, as the system takes it."""
    system = made("deeplab1")
    side = system.input.padded((321, 321))[0]
    return "x".join(map(str, sides(system, "fc7", side) * 2))


@cache
def context(size: Size = "basic", layers: int = 8) -> list[nn.Conv2d]:
    module = ContextModule(VOC, size, layers)
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def fields(convolutions: list[nn.Conv2d]) -> str:
    """Positions a side that each layer sees, from the first."""
    reach = ((conv.kernel_size[0] - 1) * conv.dilation[0] for conv in convolutions)
    return row([1 + seen for seen in accumulate(reach)])


def weights(convolutions: list[nn.Conv2d]) -> int:
    return sum(conv.weight.numel() for conv in convolutions)


def with_biases(convolutions: list[nn.Conv2d]) -> int:
    return sum(parameters(conv) for conv in convolutions)


def poly(progress: float) -> str:
    recipe: Recipe = made("deeplab2").recipe
    return f"{factor(recipe, progress):.6f}"


def _deeplab() -> dict[tuple[str, str], Callable[[], object]]:
    variants = {"DeepLab-7x7": "7x7", "DeepLab-4x4": "4x4", "DeepLab-LargeFOV": "largefov"}
    params: dict[tuple[str, str], Callable[[], object]] = {
        (title, "params"): lambda v=v: parameters(made("deeplab1", variant=v)) for title, v in variants.items()
    }
    wide = {"variant": "deeplab", "multi_scale": True}
    return params | {
        ("DeepLab-LargeFOV", "321 input output"): last_map,
        ("DeepLab-LargeFOV", "sizes 321"): lambda: row(sides(made("deeplab1"), "pool1 pool2 pool3 pool4 pool5", 321)),
        ("DeepLab v2 VGG ASPP-L", "params"): lambda: parameters(made("deeplab2", trunk="vgg16")),
        ("DeepLab v2 ResNet101 ASPP", "params"): lambda: parameters(made("deeplab2")),
        ("DeepLab v2 ResNet101 LargeFOV", "params"): lambda: parameters(made("deeplab2", variant="largefov")),
        ("DeepLab v1", "MSc extra channels"): lambda: sum(
            level.channels for level in getattr(made("deeplab1", **wide).neck, "levels", {}).values()
        ),
        ("DeepLab v2", "poly lr factor iter=10000 max=20000 power .9"): lambda: poly(0.5),
    }


def _domain_transform() -> dict[tuple[str, str], Callable[[], object]]:
    name = "Domain transform"

    def constant() -> str:
        signal = torch.full((1, 8, 9), 2.5)
        found = domain_transform(signal, torch.rand(8, 9), sigma_space=100, sigma_range=1)
        return "yes" if torch.allclose(found, signal) else "no"

    return {
        (name, "sigma_k K=3 sigma_s=100"): lambda: " ".join(f"{sigma:.6f}" for sigma in sigmas(100, 3)),
        (name, "w for d=1, sigma_k=87.287156"): lambda: f"{float(weights_of(torch.ones(1), 87.287156)):.6f}",
        (name, "constant signal preserved"): constant,
    }


def segment_context_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built networks."""
    front = {"context": "none"}
    outputs: dict[tuple[str, str], Callable[[], object]] = {
        ("Dilation front end", f"output for {side}"): partial(
            lambda side: sides(made("dilated", **front), "fc7", side)[0], side
        )
        for side in FRONT
    }
    basic, large = "Dilation context basic", "Dilation context large"
    return (
        _deeplab()
        | _domain_transform()
        | outputs
        | {
            ("Dilation front end", "params VOC"): lambda: parameters(made("dilated", **front)),
            (basic, "receptive fields"): lambda: fields(context()),
            (basic, "weights C=21 (64C^2)"): lambda: weights(context()),
            (basic, "params with biases C=21"): lambda: with_biases(context()),
            (large, "weights C=21"): lambda: weights(context("large")),
            (large, "params with biases C=21"): lambda: with_biases(context("large")),
            (large, "channels C=21"): lambda: row([conv.out_channels for conv in context("large")]),
            ("Dilation10 context", "receptive fields"): lambda: fields(context(layers=10)),
        }
    )
