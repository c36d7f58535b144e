"""A data set of pictures by name, each with a class or with many."""

from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.core.sample import Sample
from saccade.data.picture import read_picture
from saccade.data.store import Ragged
from saccade.trust.paths import inside
from saccade.trust.pictures import picture_size


class Labelled:
    """Pictures by name, with classes of the whole picture.

    Args:
        root: The data's folder, which names of pictures must not lead out of.
        names: Paths of the N pictures relative to `root`.
        classes: C names.
        marks: (N,) the class of each picture, or (N, C) of 0, 1 and -1, unknown, for each class.
    """

    joints: Joints | None = None

    def __init__(self, root: Path, names: Ragged, classes: tuple[str, ...], marks: NDArray[Any]) -> None:
        self.root, self.classes = root, classes
        self._names, self._marks = names, marks

    @property
    def fields(self) -> frozenset[str]:
        """``label`` or ``labels``."""
        return frozenset({"label" if self._marks.ndim == 1 else "labels"})

    def __len__(self) -> int:
        return len(self._marks)

    def __getitem__(self, index: int) -> Sample:
        return Sample(read_picture(inside(self.root, self.id(index))), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        """The class or classes of one picture."""
        mark = torch.tensor(self._marks[index].tolist(), dtype=torch.int64)
        return Annotation(label=mark) if self._marks.ndim == 1 else Annotation(labels=mark)

    def id(self, index: int) -> str:
        """The picture's path relative to the data's folder."""
        return self._names.text(index)

    def size(self, index: int) -> tuple[int, int]:
        """(H, W), from the file's header."""
        return picture_size(inside(self.root, self.id(index)))

    def classes_of(self, index: int) -> frozenset[int]:
        """The class or classes of one picture."""
        mark = self._marks[index]
        return frozenset({int(mark)}) if self._marks.ndim == 1 else frozenset((mark == 1).nonzero()[0].tolist())
