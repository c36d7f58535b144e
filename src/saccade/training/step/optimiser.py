"""The optimiser of a recipe, by torch's own classes."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from saccade.network.recipe import Recipe

# Normalisation and biases are one-dimensional; a penalty on them shrinks what it should not when `decay_all` is off.
SPARED_DIMENSIONS = 1


def make_optimiser(network: nn.Module, recipe: Recipe) -> Optimizer:
    """An optimiser over all parameters, those that stand still for now included.

    Parameters without a gradient are passed over by every torch optimiser, so stages that freeze and thaw parts need no
    new one, and the state of an optimiser keeps its shape from the first step to the last.
    """
    groups = _groups(network, recipe)
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
    return torch.optim.RMSprop(groups, lr=lr, alpha=recipe.decay, eps=recipe.epsilon, momentum=momentum)


def _groups(network: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameters by their weight decay and by the factor of their learning rate."""
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        decayed = recipe.decay_all or parameter.ndim > SPARED_DIMENSIONS
        factor = recipe.trunk_lr_factor if name.startswith("trunk.") else 1.0
        found.setdefault((factor, recipe.weight_decay if decayed else 0.0), []).append(parameter)
    return [
        {"params": parameters, "weight_decay": decay, "factor": factor} for (factor, decay), parameters in found.items()
    ]


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


def gradient_norm(parameters: Iterable[nn.Parameter]) -> torch.Tensor:
    """() float32: L2 norm of all gradients together; 0 where there are none."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    return torch.nn.utils.get_total_norm(gradients) if gradients else torch.zeros(())
