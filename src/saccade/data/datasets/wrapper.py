"""What a data set made of another's samples leaves as it is."""

from collections.abc import Sequence

from saccade.core.dataset import Dataset, Joints
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.picture import classes_of, has_regions


class DatasetWrapper:
    """The pictures of another data set, in their order, with its classes, joints and names.

    Samples, truth, fields and sizes are up to the one who wraps.

    Attributes:
        dataset: The other data set.
    """

    dataset: Dataset

    @property
    def classes(self) -> Sequence[str]:
        """C names."""
        return self.dataset.classes

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field."""
        return self.dataset.vocabularies

    @property
    def joints(self) -> Joints | None:
        """What the joints are, or None."""
        return self.dataset.joints

    @property
    def has_regions(self) -> bool:
        """Whether samples have regions that a search proposed."""
        return has_regions(self.dataset)

    def __len__(self) -> int:
        return len(self.dataset)

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The other data set, and the place of one picture there."""
        return self.dataset, index

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self.dataset.id(index)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture of the other data set shows."""
        return classes_of(self.dataset, index)
