"""Objects cut out of their pictures: any data of boxes becomes one of whole pictures with a class each."""

from collections.abc import Sequence
from math import ceil, floor

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset, Joints
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.picture import size_of


class ObjectCrops:
    """One picture an object, named ``PICTURE#ROW``, with the object's class.

    Crowds are left out, and so are objects of which fewer than `smallest` pixels a side would be cut out.

    Args:
        dataset: Pictures with boxes and their classes.
        margin: Share of the box's sides that is cut out with it on each side, as far as the picture reaches.
        smallest: Least number of pixels a side.
        difficult: Whether objects marked as difficult are cut out too.

    Raises:
        ConfigError: The data annotates no boxes with classes, or no object is left.
    """

    joints: Joints | None = None

    def __init__(self, dataset: Dataset, margin: float = 0.0, smallest: int = 8, *, difficult: bool = False) -> None:
        needed = {"instances.boxes", "instances.labels"}
        if not needed <= dataset.fields:
            listed = ", ".join(sorted(dataset.fields)) or "nothing"
            raise ConfigError(f"pictures annotated with {' and '.join(sorted(needed))}", listed)
        if margin < 0 or smallest < 1:
            raise ConfigError("a margin from 0 and a side from 1", f"{margin} and {smallest}")
        self.dataset = dataset
        found = [row for place in range(len(dataset)) for row in _objects(dataset, place, margin, smallest, difficult)]
        if not found:
            raise ConfigError(f"objects of at least {smallest} pixels a side", "none")
        # Place of the picture, row, class, and the window's left, top, right and lower edge.
        self._objects = np.array(found, dtype=np.int64)
        self._last: tuple[int, Tensor] | None = None

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes."""
        return self.vocabularies.main

    @property
    def vocabularies(self) -> Vocabularies:
        """The classes of objects, which are those of the crops."""
        return Vocabularies({"instances": self.dataset.vocabularies["instances"]})

    @property
    def fields(self) -> frozenset[str]:
        """``label`` alone."""
        return frozenset({"label"})

    def __len__(self) -> int:
        return len(self._objects)

    def __getitem__(self, index: int) -> Sample:
        place, _, _, left, top, right, bottom = self._objects[index].tolist()
        # Objects of one picture stand one after the other: it is decoded once where they are read in order.
        if self._last is None or self._last[0] != place:
            self._last = (place, self.dataset[place].image)
        return Sample(self._last[1][:, top:bottom, left:right].clone(), self.truth(index), self.id(index))

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The data set that an object is cut out of, and its picture's place there."""
        return self.dataset, int(self._objects[index, 0])

    def truth(self, index: int) -> Annotation:
        """The class of one object."""
        return Annotation(label=torch.tensor(int(self._objects[index, 2])))

    def id(self, index: int) -> str:
        """``PICTURE#ROW``."""
        return f"{self.dataset.id(int(self._objects[index, 0]))}#{int(self._objects[index, 1])}"

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of one crop."""
        _, _, _, left, top, right, bottom = self._objects[index].tolist()
        return bottom - top, right - left

    def classes_of(self, index: int) -> frozenset[int]:
        """The class of one object."""
        return frozenset({int(self._objects[index, 2])})


def _objects(dataset: Dataset, place: int, margin: float, smallest: int, difficult: bool) -> list[list[int]]:
    """Picture, row, class and window of each object of a picture that is cut out."""
    rows: Instances | None = dataset.truth(place).instances
    if rows is None or rows.boxes is None or rows.labels is None or not len(rows):
        return []
    height, width = size_of(dataset, place)
    left_out = [column for column in (rows.crowd, None if difficult else rows.difficult) if column is not None]
    found: list[list[int]] = []
    for row, (box, label) in enumerate(zip(rows.boxes.tolist(), rows.labels.tolist(), strict=True)):
        left, top, right, bottom = _window(box, margin, height, width)
        if min(right - left, bottom - top) >= smallest and not any(bool(column[row]) for column in left_out):
            found.append([place, row, label, left, top, right, bottom])
    return found


def _window(box: list[float], margin: float, height: int, width: int) -> tuple[int, int, int, int]:
    """All pixels that the box with its margin touches, inside the picture."""
    x, y = margin * (box[2] - box[0]), margin * (box[3] - box[1])
    left, top = max(floor(box[0] - x), 0), max(floor(box[1] - y), 0)
    return left, top, min(ceil(box[2] + x), width), min(ceil(box[3] + y), height)
