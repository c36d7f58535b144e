"""Parts of a data set: chosen pictures."""

from collections.abc import Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.by_window import ClassesByWindow, classes_by_window
from saccade.data.datasets.picture import classes_of, picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper


class Subset(DatasetWrapper):
    """Chosen pictures of a data set, in the order given.

    Args:
        dataset: Where the pictures come from.
        indices: Their places there.
    """

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = torch.as_tensor(indices, dtype=torch.int64).numpy()

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        return self.dataset.fields

    def __len__(self) -> int:
        return len(self.indices)

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The other data set, and the place of one picture there."""
        return self.dataset, int(self.indices[index])

    def __getitem__(self, index: int) -> Sample:
        return self.dataset[int(self.indices[index])]

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return self.dataset.truth(int(self.indices[index]))

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self.dataset.id(int(self.indices[index]))

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        return picture_of(self.dataset, int(self.indices[index]), channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, int(self.indices[index]), channels)

    def classes_by_window(self, index: int, most: int) -> ClassesByWindow | None:
        """Classes of one picture's pixels, part by part."""
        return classes_by_window(self.dataset, int(self.indices[index]), most)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture shows."""
        return classes_of(self.dataset, int(self.indices[index]))
