"""Rare classes against frequent ones: how often each is shown, how much it weighs in the loss, and which loss."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.core.masks import Masks
from saccade.data.datasets.picture import classes_of
from saccade.data.loading.order import balancing_weights
from saccade.losses.pixels import IGNORE, PixelLoss, PixelLossKind
from saccade.network.system import System


@runtime_checkable
class LearnsPixels(Protocol):
    """A head that learns the class of pixels.

    Attributes:
        costs: What a wrong pixel costs.
    """

    costs: PixelLoss


def count_labels(dataset: Dataset) -> Tensor:
    """(C,) int64: pictures that show each class."""
    shown = [label for index in range(len(dataset)) for label in classes_of(dataset, index)]
    return torch.bincount(torch.tensor(shown, dtype=torch.int64), minlength=len(dataset.classes))


def class_weights(counts: Tensor) -> Tensor:
    """(C,) float32 weights of the loss, inverse to the number of pictures; their mean over the pictures is 1."""
    present = counts > 0
    weights = torch.where(present, counts.sum() / counts.clamp(min=1) / present.sum().clamp(min=1), 1.0)
    return weights.float()


def count_pixels(dataset: Dataset, field: str = "semantic") -> Tensor:
    """(N, C) int64: pixels of each class in each picture, those of 255 apart.

    Args:
        dataset: N pictures.
        field: ``semantic``, or ``semantic_masks``.
    """
    classes = len(dataset.vocabularies.names("semantic"))
    rows = [_pixels(dataset.truth(index).get(field), classes) for index in range(len(dataset))]
    return torch.stack(rows) if rows else torch.zeros(0, classes, dtype=torch.int64)


def _pixels(found: Tensor | Masks | None, classes: int) -> Tensor:
    """(C,) int64 pixels of each class, by a map of classes or their masks."""
    if isinstance(found, Masks):
        return found.areas().long()
    known = torch.zeros(0, dtype=torch.int64) if found is None else found[found != IGNORE].flatten()
    return torch.bincount(known, minlength=classes)


def median_frequency(pixels: Tensor, *, whole: bool) -> Tensor:
    """(C,) float32 weights of the loss: the median of the classes' frequencies over each class's own.

    Sources: Eigen, Fergus 2015, arXiv 1411.4734, section 6.3.2, where a class's frequency counts the pictures alone
    that show it; Badrinarayanan et al. 2015, SegNet, arXiv 1511.00561, section 4, over the whole training set. Classes
    that no picture shows weigh 1.

    Args:
        pixels: (N, C) pixels of each class in each picture.
        whole: Whether the frequencies are those of the whole set.
    """
    shown = pixels > 0
    all_pixels = pixels.sum(1, keepdim=True)
    among = all_pixels.sum().expand(pixels.shape[1]) if whole else (all_pixels * shown).sum(0)
    frequency = pixels.sum(0).double() / among.clamp(min=1)
    present = frequency > 0
    if not bool(present.any()):
        return torch.ones(pixels.shape[1])
    middle = frequency[present].quantile(0.5)
    return torch.where(present, middle / frequency.clamp(min=torch.finfo(frequency.dtype).tiny), 1.0).float()


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


def take_pixel_losses(system: System, kinds: Sequence[PixelLossKind]) -> Sequence[str]:
    """Give every head for pixels the sum of some losses in place of its own, and name those heads.

    Args:
        system: The system.
        kinds: The losses.
    """
    taken: list[str] = []
    for name, head in system.each_head():
        if isinstance(head, LearnsPixels):
            head.costs = replace(head.costs, kinds=tuple(kinds))
            taken.append(name)
    return taken


def weigh_losses(system: System, weights: Tensor, of: str = "label") -> Sequence[str]:
    """Give the weights to every head that takes some, and name those heads.

    Args:
        system: The system.
        weights: (C,) weights of classes.
        of: What is weighed: ``label``, classes of pictures, or ``semantic``, of pixels.
    """
    taken: list[str] = []
    for name, head in system.each_head():
        own = getattr(head, "class_weights", None)
        learns = {field.removesuffix("s").removesuffix("_mask") for field in head.needs}
        if isinstance(own, Tensor) and own.shape == weights.shape and of in learns:
            own.copy_(weights)
            taken.append(name)
    return taken
