"""Rows of the table of the papers' numbers that DeconvNet and ReSeg say."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn

from saccade.analysis.describe import describe
from saccade.heads.pixels.proposal_head import ProposalPixelHead
from saccade.network.system import System
from saccade.systems import SYSTEMS
from saccade.systems.build import build


@cache
def made(name: str, **options: Any) -> System:
    with torch.device("meta"):
        return build(name, SYSTEMS[name].card.classes, **options)


@cache
def shapes(name: str) -> dict[str, tuple[int, ...]]:
    return {map.name: tuple(map.shape) for map in describe(name).maps}


def swept() -> str:
    """The map of a CamVid picture that the recurrent layers read."""
    found = made("reseg").trunk(torch.zeros(1, 3, 360, 480, device="meta"))["conv3_3"]
    return "x".join(map(str, found.shape[1:]))


def without_norms(module: nn.Module) -> int:
    """Parameters of all layers but those of normalisation."""
    layers = (layer for layer in module.modules() if not isinstance(layer, nn.BatchNorm2d))
    return sum(p.numel() for layer in layers for p in layer.parameters(recurse=False))


def looked_at() -> int:
    head = made("deconvnet", sees="proposals", search="windows").heads["pixels"]
    assert isinstance(head, ProposalPixelHead)
    return head.rules.number


def deconvnet_reseg_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built networks."""
    steps = [f"up{number}" for number in range(5, 0, -1)]
    return {
        ("DeconvNet", "params no BN"): lambda: without_norms(made("deconvnet")),
        ("DeconvNet", "unpool sizes"): lambda: " ".join(str(shapes("deconvnet")[step][-1]) for step in steps),
        ("DeconvNet", "max proposals at test"): looked_at,
        ("DeconvNet", "fc6 map for 224"): lambda: "x".join(map(str, shapes("deconvnet")["fc6"][1:])),
        ("ReSeg CamVid", "feature map 360x480"): swept,
        ("ReSeg", "ReNet output channels d=100"): lambda: made("reseg").levels["context"].channels,
    }
