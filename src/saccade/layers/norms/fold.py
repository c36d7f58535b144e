"""Normalisation folded into the convolution before it: one pass over a map where there were two or three.

With fixed statistics a normalisation multiplies each channel and adds to it, which the convolution's own weights can do
as well.
"""

import copy
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.fx.proxy import TraceError
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torchvision.ops import FrozenBatchNorm2d

from saccade.layers.blocks.strided_pointwise import StridedPointwise
from saccade.layers.norms.folding_convolution import FOLDING, fold_in_training
from saccade.layers.norms.frozen_norm import FrozenNorm

NORMS = (nn.BatchNorm2d, FrozenBatchNorm2d)
# Those that differ from plain ones in training alone, and one that does in use.
PLAIN = (*FOLDING, *FOLDING.values())
CONVOLUTIONS = (*PLAIN, StridedPointwise)


class Folded(nn.Module):
    """In a normalisation's place: gives what it gets, since the convolution before it does the work.

    What the normalisation did besides, as timm's activate, it still does.

    Args:
        norm: The normalisation, kept so that counts of parameters stay what they are.
    """

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, maps: Tensor) -> Tensor:
        """The maps themselves, or what the normalisation's own parts make of them."""
        for part in self.norm.children():
            maps = part(maps)
        return maps


class _Tracer(fx.Tracer):
    """Sees whole normalisations, as it does torch's own layers, and whatever has no parts that could be folded."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the tracer stops at a module."""
        whole = isinstance(m, NORMS) or not any(True for _ in m.children())
        return whole or super().is_leaf_module(m, module_qualified_name)


def fold_normalisation(module: nn.Module) -> nn.Module:
    """The module, for use alone, each normalisation that follows a convolution folded into it, in place.

    Args:
        module: What computes maps, in evaluation mode, its steps the same for every input.

    Returns:
        The same module, whose predictions are as before up to rounding. One whose steps cannot be followed stays as it
        is.
    """
    return _with_folded(module, _pairs(module))


def folded_copy(module: nn.Module) -> nn.Module:
    """A copy for use alone, each normalisation that follows a convolution folded into it.

    Args:
        module: What computes maps, in evaluation mode, its steps the same for every input; it stays as it is.

    Returns:
        The copy, whose parameters and statistics are the module's own but for the weights that something was folded
        into; the module itself where there is nothing to fold.
    """
    pairs = _pairs(module)
    if not pairs:
        return module
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return _with_folded(copy.deepcopy(module, dict(shared)), pairs)


def with_folded_training(module: nn.Module) -> None:
    """Let the convolutions of a module do, while it learns, what frozen normalisations after them did, in place.

    Args:
        module: What computes maps, its steps the same for every input; one whose steps cannot be followed stays as it
            is. Weights and their names stay.
    """
    if not any(type(layer) is FrozenNorm for layer in module.modules()):
        return  # nothing to follow the steps for
    for conv_path, norm_path in _pairs(module).items():
        conv, norm = cast("nn.Conv2d", module.get_submodule(conv_path)), module.get_submodule(norm_path)
        if type(conv) in FOLDING and type(norm) is FrozenNorm:
            fold_in_training(conv, norm)


def _with_folded(module: nn.Module, pairs: Mapping[str, str]) -> nn.Module:
    for conv_path, norm_path in pairs.items():
        conv, norm = cast("nn.Conv2d", module.get_submodule(conv_path)), module.get_submodule(norm_path)
        _fold(conv, norm)
        parent, _, name = norm_path.rpartition(".")
        setattr(module.get_submodule(parent), name, Folded(norm))
    return module


def _pairs(module: nn.Module) -> Mapping[str, str]:
    """Paths of convolutions that run once and whose output goes nowhere but into one normalisation, with its path."""
    try:
        graph = _Tracer().trace(module)
    except (TraceError, TypeError, ValueError, RuntimeError, AttributeError, NameError):
        return {}  # its steps depend on what it is given, or run through a module that is not its own
    layers = [node for node in graph.nodes if node.op == "call_module"]
    targets = [str(node.target) for node in layers]
    found: dict[str, str] = {}
    for node in layers:
        before = node.args[0] if node.args else None
        if not isinstance(before, fx.Node) or before.op != "call_module" or len(before.users) > 1:
            continue
        conv, norm = module.get_submodule(str(before.target)), module.get_submodule(str(node.target))
        once = targets.count(str(node.target)) == targets.count(str(before.target)) == 1
        own = "forward" in vars(conv) or "forward" in vars(norm)  # computes otherwise than its class
        if once and not own and type(conv) in CONVOLUTIONS and isinstance(norm, NORMS) and norm.running_var is not None:
            found[str(before.target)] = str(node.target)
    return found


@torch.no_grad()
def _fold(conv: nn.Conv2d, norm: Any) -> None:
    mean, var = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    weight, bias = fuse_conv_bn_weights(conv.weight, conv.bias, mean, var, norm.eps, norm.weight, norm.bias)
    if type(conv) in PLAIN:
        conv.__class__ = nn.Conv2d
    conv.weight = nn.Parameter(weight, requires_grad=False)
    if conv.bias is None:
        # A buffer, since it is no parameter of the network's.
        del conv.bias
        conv.register_buffer("bias", bias.detach())
    else:
        conv.bias = nn.Parameter(bias, requires_grad=False)
