"""A user's own data set, completed to all that a `Dataset` declares."""

from typing import Any

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset, Joints
from saccade.core.sample import Sample
from saccade.core.vocabulary import Names, Vocabularies
from saccade.data.datasets.by_window import ClassesByWindow, classes_by_window
from saccade.data.datasets.picture import classes_of, classes_shown, picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper


def declared(data: Any) -> Dataset:
    """The data set itself where it declares all members of `Dataset`, else one that completes it.

    A length, samples, `classes` and `fields` are enough; classes by field go too (`Vocabularies.of`).
    """
    return data if isinstance(data, Dataset) else CompletedDataset(data)


class CompletedDataset(DatasetWrapper):
    """A data set with the members that its maker left out.

    Args:
        dataset: Pictures with truth. Without `truth` that of the samples is taken, without `id` the picture's place.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        names: Names = dataset.classes
        self._vocabularies = Vocabularies.of(names, dataset.fields)

    @property
    def classes(self) -> tuple[str, ...]:
        """C names."""
        return self._vocabularies.main

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field."""
        return self._vocabularies

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        return frozenset(self.dataset.fields)

    @property
    def joints(self) -> Joints | None:
        """What the joints are, or None."""
        return getattr(self.dataset, "joints", None)

    def __getitem__(self, index: int) -> Sample:
        return self.dataset[index]

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return self.dataset.truth(index) if hasattr(self.dataset, "truth") else self.dataset[index].truth

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self.dataset.id(index) if hasattr(self.dataset, "id") else str(index)

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        return picture_of(self.dataset, index, channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index, channels)

    def classes_by_window(self, index: int, most: int) -> ClassesByWindow | None:
        """Classes of one picture's pixels, part by part."""
        return classes_by_window(self.dataset, index, most)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture shows."""
        own = hasattr(self.dataset, "classes_of") or hasattr(self.dataset, "truth")
        return classes_of(self.dataset, index) if own else classes_shown(self.truth(index))
