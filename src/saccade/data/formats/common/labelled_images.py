"""A data set of pictures by name, each with a class or with many."""

from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from saccade.core.annotation import Annotation
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.store import RaggedArray


class LabelledImages(ImageFiles):
    """Pictures by name, with classes of the whole picture.

    Args:
        root: The data's folder, which names of pictures must not lead out of.
        names: Paths of the N pictures relative to `root`.
        classes: C names.
        marks: (N,) the class of each picture, or (N, C) of 0, 1 and -1, unknown, for each class.
    """

    def __init__(self, root: Path, names: RaggedArray, classes: tuple[str, ...], marks: NDArray[Any]) -> None:
        super().__init__(root, names, classes)
        self._marks = marks

    @property
    def fields(self) -> frozenset[str]:
        """``label`` or ``labels``."""
        return frozenset({"label" if self._marks.ndim == 1 else "labels"})

    def truth(self, index: int) -> Annotation:
        """The class or classes of one picture."""
        mark = torch.tensor(self._marks[index].tolist(), dtype=torch.int64)
        return Annotation(label=mark) if self._marks.ndim == 1 else Annotation(labels=mark)

    def classes_of(self, index: int) -> frozenset[int]:
        """The class or classes of one picture."""
        mark = self._marks[index]
        return frozenset({int(mark)}) if self._marks.ndim == 1 else frozenset((mark == 1).nonzero()[0].tolist())
