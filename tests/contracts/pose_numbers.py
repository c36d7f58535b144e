"""Rows of the table of the papers' numbers that systems for poses say."""

from collections.abc import Callable
from functools import cache, partial

import torch
from torch import nn

from saccade.layers.blocks.hourglass import Hourglass, PreActivatedBottleneck
from saccade.layers.scale import SizesAlone
from saccade.network.system import System
from saccade.ops.heatmaps import RELEASED
from saccade.systems.build import build

JOINTS, SIDE = 16, 256


@cache
def made(stacks: int) -> System:
    """The stacked hourglass, on the device that has no memory."""
    with torch.device("meta"):
        return build("hourglass", JOINTS, stacks=stacks)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def outputs() -> str:
    """How many heads there are, and the channels and sides of what each tells of a picture."""
    with torch.no_grad(), SizesAlone():
        found = made(8).trunk(torch.zeros(1, 3, SIDE, SIDE, device="meta"))
    shapes = {"x".join(map(str, found[head.reads[0]].shape[1:])) for _, head in made(8).each_head()}
    return f"{len(made(8).heads)} x {' '.join(shapes)}"


def lowest() -> int:
    """Positions a side where an hourglass is narrowest, by what its pooling layers leave of 64."""
    pools = [m for m in made(1).trunk.get_submodule("stacks.0").modules() if isinstance(m, nn.MaxPool2d)]
    return SIDE // 4 // 2 ** len(pools)


def regressed() -> int:
    """Numbers that each network of DeepPose gives for LSP's 14 joints."""
    with torch.device("meta"):
        heads = build("deeppose", 14, cascade=1).heads
    layers = [m for m in heads.modules() if isinstance(m, nn.Linear)]
    return layers[-1].out_features


def pose_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built networks."""
    sizes = {
        (f"Hourglass-{stacks}", "params K=16 f=256 m=1"): partial(lambda number: parameters(made(number)), stacks)
        for stacks in (1, 2, 4, 8)
    }
    return {
        **sizes,
        ("Hourglass", "residual(256,256) params"): lambda: parameters(PreActivatedBottleneck(256, 256)),
        ("Hourglass", "single hourglass module params"): lambda: parameters(Hourglass(4, 256)),
        ("Hourglass", "outputs for 3x256x256"): outputs,
        ("Hourglass", "lowest resolution"): lowest,
        ("Hourglass", "gaussian patch size sigma=1"): lambda: 2 * (RELEASED.reach or 0) + 1,
        ("Hourglass", "lr"): lambda: made(1).recipe.lr,
        ("DeepPose", "outputs LSP 14 joints"): regressed,
    }
