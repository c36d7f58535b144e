"""Rare classes against frequent ones: how often each is shown, or how much it weighs in the loss."""

from collections.abc import Sequence

import torch
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.data.order import balancing_weights
from saccade.data.picture import classes_of
from saccade.network.system import System


def count_labels(dataset: Dataset) -> Tensor:
    """(C,) int64: pictures that show each class."""
    shown = [label for index in range(len(dataset)) for label in classes_of(dataset, index)]
    return torch.bincount(torch.tensor(shown, dtype=torch.int64), minlength=len(dataset.classes))


def class_weights(counts: Tensor) -> Tensor:
    """(C,) float32 weights of the loss, inverse to the number of pictures; their mean over the pictures is 1."""
    present = counts > 0
    weights = torch.where(present, counts.sum() / counts.clamp(min=1) / present.sum().clamp(min=1), 1.0)
    return weights.float()


def picture_weights(dataset: Dataset) -> Tensor:
    """(N,) how often each picture is shown, relative to the others: by its rarest class."""
    return balancing_weights([classes_of(dataset, index) for index in range(len(dataset))])


def weigh_losses(system: System, weights: Tensor) -> Sequence[str]:
    """Give the weights to every head that takes them, and name those heads."""
    taken: list[str] = []
    for name, head in system.each_head():
        own = getattr(head, "class_weights", None)
        if isinstance(own, Tensor) and own.shape == weights.shape:
            own.copy_(weights)
            taken.append(name)
    return taken
