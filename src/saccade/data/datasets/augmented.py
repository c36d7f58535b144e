"""Pictures as a training sees them: each moved into the network's frame and changed at random."""

from dataclasses import dataclass

from saccade.core.annotation import Annotation
from saccade.core.augmentation import Augmentation
from saccade.core.dataset import Dataset
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Sample
from saccade.data.augment.augment import Augment
from saccade.data.augment.rng import generator_for
from saccade.data.datasets.wrapper import DatasetWrapper


@dataclass(frozen=True)
class AugmentedDataset(DatasetWrapper):
    """A data set whose samples are changed at random, each always in the same way.

    Attributes:
        dataset: The pictures as they are.
        augmentation: What may happen to them.
        spec: How they get into the network.
        seed: Seed of the changes.
        epoch: Pass over the pictures whose changes are drawn.
    """

    dataset: Dataset
    augmentation: Augmentation
    spec: InputSpec
    seed: int = 0
    epoch: int = 0

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        return self.dataset.fields

    def __getitem__(self, index: int) -> Sample:
        sample = self.dataset[index]
        augment = Augment(self.augmentation, self.spec, self.dataset)
        made = augment(sample, generator_for(self.seed, self.epoch, index))
        return Sample(made.image, made.truth, sample.id, made.regions)

    def truth(self, index: int) -> Annotation:
        """The truth of one picture, after its changes."""
        return self[index].truth
