"""The data of the study of transfer: small pictures in memory, each with a class or with many.

Legend: (h, w) pixels of a picture.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.crops import ObjectCrops
from saccade.data.datasets.splits.folds import stratified
from saccade.data.datasets.subset import Subset
from saccade.data.open import open_data
from saccade.reproduce.pieces.held import Held

# A class is shown by a picture of CamVid when it covers this share of its pixels.
PRESENT = 0.01


@dataclass(frozen=True)
class Task:
    """What is learnt.

    Attributes:
        name: Of the data set.
        score: The score that is compared.
        many: Whether a picture shows many classes.
        crops: Whether each object is cut out, and is a picture of its own.
    """

    name: str
    score: str
    many: bool = False
    crops: bool = False


TASKS = {
    one.name: one
    for one in (
        Task("scenes", "top1"),
        Task("hymenoptera", "top1"),
        Task("bccd", "balanced", crops=True),
        Task("camvid", "map", many=True),
    )
}


def open_task(task: Task, source: str | Path, side: int, most: int | None) -> tuple[Held, Held]:
    """Pictures to learn from and to measure on, in memory, their shorter side brought to a length.

    Args:
        task: What is learnt.
        source: Where the pictures are.
        side: Length of the shorter side in pixels; smaller pictures stay as they are.
        most: How many are taken of a side, evenly spread; None takes all.
    """
    train, val = (_held(task, open_data(source, split), side, most) for split in ("train", "val"))
    return train, val


def _held(task: Task, opened: Dataset, side: int, most: int | None) -> Held:
    dataset = ObjectCrops(opened, margin=0.1) if task.crops else opened
    names = tuple(dataset.classes)
    truth: Callable[[Annotation], Annotation] = partial(_shown, classes=len(names)) if task.many else _label
    fields = frozenset({"labels" if task.many else "label"})

    def changed(sample: Sample) -> Sample:
        return replace(sample, image=shrunk(sample.image, side), truth=truth(sample.truth))

    return Held(dataset, most, changed, fields=fields, vocabularies=Vocabularies.of(names, fields))


def _label(truth: Annotation) -> Annotation:
    return Annotation(label=truth.label)


def _shown(truth: Annotation, classes: int) -> Annotation:
    """The classes that cover a hundredth of a picture's pixels."""
    pixels = truth.get("semantic").flatten()
    shares = torch.bincount(pixels[pixels < classes], minlength=classes) / len(pixels)
    return Annotation(labels=(shares >= PRESENT).long())


def shrunk(image: Tensor, side: int) -> Tensor:
    """A picture (3, h, w) uint8 with its shorter side brought to `side` pixels where it is longer."""
    scale = side / min(image.shape[1:])
    if scale >= 1:
        return image
    size = [round(length * scale) for length in image.shape[1:]]
    small = F.interpolate(image[None].float(), size, mode="bilinear", antialias=True)[0]
    return small.round().clamp(0, 255).to(torch.uint8)


def some(dataset: Dataset, share: float, seed: int) -> Dataset:
    """A share of the pictures, of each class as much; objects of one picture stay together."""
    if share >= 1:
        return dataset
    part = stratified(dataset, [share, 1 - share], seed)
    return Subset(dataset, (part == 0).nonzero()[0].tolist())
