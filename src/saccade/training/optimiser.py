"""The optimiser of a recipe, by torch's own classes."""

from collections.abc import Iterable

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
    decayed = [p for p in network.parameters() if recipe.decay_all or p.ndim > SPARED_DIMENSIONS]
    spared = [p for p in network.parameters() if not (recipe.decay_all or p.ndim > SPARED_DIMENSIONS)]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}]
    groups += [{"params": spared, "weight_decay": 0.0}] if spared else []
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


def set_rate(optimiser: Optimizer, lr: float) -> None:
    """Give every group the learning rate `lr`."""
    for group in optimiser.param_groups:
        group["lr"] = lr


def gradient_norm(parameters: Iterable[nn.Parameter]) -> torch.Tensor:
    """() float32: L2 norm of all gradients together; 0 where there are none."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    return torch.nn.utils.get_total_norm(gradients) if gradients else torch.zeros(())
