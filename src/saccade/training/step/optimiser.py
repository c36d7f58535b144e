"""The optimiser of a recipe, by torch's own classes."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from saccade.core.errors import UsageError
from saccade.network.frozen_parts import inside
from saccade.network.recipe import Recipe

# Normalisation and biases are one-dimensional; a penalty on them shrinks what it should not when `decay_all` is off.
SPARED_DIMENSIONS = 1


def make_optimiser(network: nn.Module, recipe: Recipe, beside: Sequence[nn.Parameter] = ()) -> Optimizer:
    """An optimiser over all parameters, those that stand still for now included.

    Parameters without a gradient are passed over by every torch optimiser, so stages that freeze and thaw parts need no
    new one, and the state of an optimiser keeps its shape from the first step to the last.

    Args:
        network: Whose parameters learn.
        recipe: How.
        beside: Further parameters, which do not decay.
    """
    groups = _groups(network, recipe)
    if beside:
        groups.append({"params": list(beside), "weight_decay": 0.0, "factor": 1.0})
    lr, momentum = recipe.lr, recipe.momentum
    # One kernel a group is faster; SGD's refuses groups of which some parameters have stood still so far.
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=momentum)
    if recipe.optimiser == "adam":
        return torch.optim.Adam(groups, lr=lr, betas=(momentum, 0.999), fused=True)
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=lr, betas=(momentum, 0.999), fused=True)
    if recipe.optimiser == "adagrad":
        return torch.optim.Adagrad(groups, lr=lr)
    if recipe.optimiser == "adadelta":
        return torch.optim.Adadelta(groups, lr=lr, rho=recipe.decay, eps=recipe.epsilon)
    return torch.optim.RMSprop(groups, lr=lr, alpha=recipe.decay, eps=recipe.epsilon, momentum=momentum)


def _groups(network: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameters by their weight decay and by the factor of their learning rate."""
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    named = dict(network.named_parameters())
    factors, biases = _factors(named, recipe), _biases(network)
    for name, parameter in named.items():
        decayed = recipe.decay_all or parameter.ndim > SPARED_DIMENSIONS
        factor = factors[name] * (recipe.bias_lr_factor if id(parameter) in biases else 1.0)
        found.setdefault((factor, recipe.weight_decay if decayed else 0.0), []).append(parameter)
    return [
        {"params": parameters, "weight_decay": decay, "factor": factor} for (factor, decay), parameters in found.items()
    ]


def _factors(names: Iterable[str], recipe: Recipe) -> dict[str, float]:
    """Factor of the learning rate by name of a parameter, biases aside.

    Raises:
        UsageError: The recipe names a part that the network does not have.
    """
    found = {name: recipe.trunk_lr_factor if name.startswith("trunk.") else 1.0 for name in names}
    # Heads are named without what stands before them in a system; longer names come last and so decide.
    for part, factor in sorted(recipe.lr_factors, key=lambda pair: len(pair[0])):
        below = [name for name in found if inside(name, part) or inside(name, f"heads.{part}")]
        if not below:
            raise UsageError("a part of the network in lr_factors", repr(part))
        for name in below:
            found[name] = (recipe.trunk_lr_factor if name.startswith("trunk.") else 1.0) * factor
    return found


def _biases(network: nn.Module) -> set[int]:
    """The biases of layers that have weights to multiply with; those of normalisation shift what these scale."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
    return {id(layer.bias) for layer in layers if layer.bias is not None}


def set_rate(optimiser: Optimizer, lr: float) -> None:
    """Give every group the learning rate `lr`, times its own factor where it has one."""
    for group in optimiser.param_groups:
        group["lr"] = lr * group.get("factor", 1.0)


def forget(optimiser: Optimizer, parameters: Iterable[nn.Parameter]) -> None:
    """Let some parameters have no past: every torch optimiser begins from zeros, or takes them for a beginning."""
    for parameter in parameters:
        for value in optimiser.state.get(parameter, {}).values():
            if isinstance(value, torch.Tensor):
                value.zero_()


@torch.no_grad()
def bound_filters(network: nn.Module, greatest: float) -> None:
    """Bring filters of learning convolutions whose root mean square is above `greatest` back to it, in place.

    Source: Zeiler, Fergus 2013, Visualizing and understanding convolutional networks, arXiv 1311.2901, section 3: else
    a few filters of the first layer dominate.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.requires_grad:
            size = layer.weight.square().mean((1, 2, 3), keepdim=True).sqrt()
            layer.weight.mul_(greatest / size.clamp(min=greatest))


def gradient_norm(parameters: Iterable[nn.Parameter]) -> torch.Tensor:
    """() float32: L2 norm of all gradients together; 0 where there are none."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    return torch.nn.utils.get_total_norm(gradients) if gradients else torch.zeros(())
