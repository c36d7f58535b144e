"""Samples without the parts that nobody reads, and small data sets that stay in memory.

Maps and masks cost more to move than the picture itself: a loader that carries them for a head that asks for a class
alone is half idle work.
"""

from dataclasses import dataclass, replace

from saccade.core.annotation import Annotation
from saccade.core.augmentation import Augmentation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.picture import size_of
from saccade.data.datasets.wrapper import DatasetWrapper

MAPS = ("semantic", "semantic_masks", "contours")


def unread(uses: frozenset[str], augmentation: Augmentation) -> frozenset[str]:
    """The costly fields of a truth that neither the losses nor the augmentation read.

    Args:
        uses: Dotted fields that the losses read.
        augmentation: What is done to pictures; a tilted box is tightened by its mask, and objects are cut out by
            theirs, so then masks stay.
    """
    tilts = augmentation.rotate or augmentation.shear or augmentation.elastic is not None
    masks = () if tilts or augmentation.paste or "instances.masks" in uses else ("instances.masks",)
    return frozenset([*(name for name in MAPS if name not in uses), *masks])


def without(truth: Annotation, fields: frozenset[str]) -> Annotation:
    """A truth less some of its fields, which then count as not annotated."""
    rows = truth.instances
    if rows is not None and "instances.masks" in fields:
        rows = replace(rows, masks=None, masked=None)
    return replace(truth, instances=rows, **dict.fromkeys(fields & set(MAPS)))


@dataclass(frozen=True)
class ProjectedDataset(DatasetWrapper):
    """A data set whose samples lack some fields of their truth.

    Attributes:
        dataset: The whole.
        left_out: Dotted fields that its samples lack.
        kept: Samples that were read already and are kept in memory, or None to read each time.
    """

    dataset: Dataset
    left_out: frozenset[str]
    kept: dict[int, Sample] | None = None

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        return self.dataset.fields - self.left_out

    def __getitem__(self, index: int) -> Sample:
        if self.kept is not None and index in self.kept:
            return self.kept[index]
        whole = self.dataset[index]
        sample = replace(whole, truth=without(whole.truth, self.left_out))
        if self.kept is not None:
            self.kept[index] = sample
        return sample

    def truth(self, index: int) -> Annotation:
        """The truth of one picture."""
        return without(self.dataset.truth(index), self.left_out)

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index)
