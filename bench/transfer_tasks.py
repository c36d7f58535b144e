"""The data of the transfer study: small pictures in memory, each with a class or with many.

Legend: N pictures, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset, Joints
from saccade.core.sample import Sample
from saccade.data.datasets.crops import ObjectCrops
from saccade.data.datasets.folds import stratified
from saccade.data.datasets.subset import Subset

# A class is shown by a picture of CamVid when it covers this share of its pixels.
PRESENT = 0.01


@dataclass(frozen=True)
class Task:
    """What is learnt.

    Attributes:
        name: Its name in the table.
        what: What is told apart.
        score: The score that is compared.
        many: Whether a picture shows many classes.
    """

    name: str
    what: str
    score: str
    many: bool = False


TASKS = (
    Task("hymenoptera", "ants and bees, photographs", "top1"),
    Task("bccd", "3 kinds of blood cells, cut out of their pictures", "balanced"),
    Task("camvid", "which of 11 classes cover 1 % of a street scene", "map", many=True),
)


class Held:
    """Pictures in memory, their shorter side brought to a length, as a data set.

    Args:
        dataset: The pictures.
        side: Length of the shorter side in pixels; smaller pictures stay as they are.
        most: How many are taken, evenly spread; None takes all.
        many: Whether the classes of the truth's pixels become the picture's.
    """

    joints: Joints | None = None

    def __init__(self, dataset: Dataset, side: int, most: int | None, many: bool) -> None:
        self.classes: Sequence[str] = tuple(dataset.classes)
        self.fields = frozenset({"labels" if many else "label"})
        step = 1 if most is None else max(len(dataset) / most, 1)
        places = [int(n * step) for n in range(int(len(dataset) / step))]
        self.samples = [self._held(dataset[place], side, many) for place in places]

    def _held(self, sample: Sample, side: int, many: bool) -> Sample:
        truth = Annotation(labels=self._shown(sample.truth)) if many else Annotation(label=sample.truth.label)
        return replace(sample, image=shrunk(sample.image, side), truth=truth)

    def _shown(self, truth: Annotation) -> Tensor:
        pixels = truth.get("semantic").flatten()
        shares = torch.bincount(pixels[pixels < len(self.classes)], minlength=len(self.classes)) / len(pixels)
        return (shares >= PRESENT).long()

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return self.samples[index].truth

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self.samples[index].id


def shrunk(image: Tensor, side: int) -> Tensor:
    """A picture (3, h, w) uint8 with its shorter side brought to `side` pixels where it is longer."""
    scale = side / min(image.shape[1:])
    if scale >= 1:
        return image
    size = [round(length * scale) for length in image.shape[1:]]
    small = F.interpolate(image[None].float(), size, mode="bilinear", antialias=True)[0]
    return small.round().clamp(0, 255).to(torch.uint8)


def open_task(task: Task, root: Path, side: int, most: int | None) -> tuple[Held, Held]:
    """Pictures to learn from and to measure on."""
    found: list[Held] = []
    for split in ("train", "val"):
        dataset = sc.open_data(root / task.name, split)
        if task.name == "bccd":
            dataset = ObjectCrops(dataset, margin=0.1)
        found.append(Held(dataset, side, most, task.many))
    return found[0], found[1]


def some(dataset: Held, share: float, seed: int) -> Dataset:
    """A share of the pictures, of each class as much; objects of one picture stay together."""
    if share >= 1:
        return dataset
    part = stratified(dataset, [share, 1 - share], seed)
    return Subset(dataset, (part == 0).nonzero()[0].tolist())
