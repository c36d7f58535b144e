"""Pictures in memory: to draw or read them anew each time takes longer than to learn from them."""

from collections.abc import Callable

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.picture import classes_shown
from saccade.data.datasets.wrapper import DatasetWrapper


class Held(DatasetWrapper):
    """Pictures of another data set, made ready once and kept.

    Args:
        dataset: The other data set.
        most: How many are taken, evenly spread; None takes all.
        changed: What is made of each sample; None leaves them as they are.
        fields: Dotted fields that are annotated after that; None: those of the data set.
        vocabularies: Names of the classes after that; None: those of the data set.
    """

    def __init__(
        self,
        dataset: Dataset,
        most: int | None = None,
        changed: Callable[[Sample], Sample] | None = None,
        *,
        fields: frozenset[str] | None = None,
        vocabularies: Vocabularies | None = None,
    ) -> None:
        self.dataset = dataset
        count = len(dataset) if most is None else min(most, len(dataset))
        self._places = [number * len(dataset) // count for number in range(count)]
        samples = (dataset[place] for place in self._places)
        self._samples = [sample if changed is None else changed(sample) for sample in samples]
        self._fields, self._vocabularies = fields, vocabularies

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        return self.dataset.fields if self._fields is None else self._fields

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field."""
        return self.dataset.vocabularies if self._vocabularies is None else self._vocabularies

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the main classes."""
        return self.vocabularies.main

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The other data set, and the place of one picture there."""
        return self.dataset, self._places[index]

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return self._samples[index].truth

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self._samples[index].id

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture shows."""
        return classes_shown(self.truth(index))
