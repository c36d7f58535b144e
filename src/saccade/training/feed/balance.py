"""Rare classes against frequent ones: how often each is shown, or how much it weighs in the loss."""

from collections import Counter
from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.data.datasets.picture import classes_of
from saccade.data.loading.order import balancing_weights
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


def repeat_factors(dataset: Dataset, rare: float) -> Tensor:
    """(N,) how often each picture is shown, relative to one of frequent classes alone.

    A class that a share f of the pictures shows is repeated max(1, √(rare / f)) times, and a picture as often as its
    rarest class. Source: Gupta, Dollár, Girshick 2019, LVIS, arXiv 1908.03195, section 4.

    Args:
        dataset: N pictures.
        rare: Share of the pictures below which a class is rare.
    """
    shown = [classes_of(dataset, index) for index in range(len(dataset))]
    counts = Counter(label for found in shown for label in found)
    factors = {label: max(1.0, sqrt(rare * len(shown) / count)) for label, count in counts.items()}
    return torch.tensor([max((factors[label] for label in found), default=1.0) for found in shown], dtype=torch.float64)


def weigh_losses(system: System, weights: Tensor) -> Sequence[str]:
    """Give the weights to every head that takes them, and name those heads."""
    taken: list[str] = []
    for name, head in system.each_head():
        own = getattr(head, "class_weights", None)
        if isinstance(own, Tensor) and own.shape == weights.shape:
            own.copy_(weights)
            taken.append(name)
    return taken
