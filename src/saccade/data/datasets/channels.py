"""A data set whose pictures have as many channels as a network takes.

A data set of files may offer a method `picture(index, channels)`: its pictures are then read with that many channels,
opacity or pages of a TIFF among them. All others' pictures are fitted as they come: grey is repeated, RGB weighed.
"""

from dataclasses import dataclass

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.by_window import ClassesByWindow, classes_by_window
from saccade.data.datasets.picture import (
    picture_of,
    reads_channels,
    size_of,
)
from saccade.data.datasets.wrapper import DatasetWrapper


def with_channels(dataset: Dataset, channels: int) -> Dataset:
    """The data set for networks of a number of channels.

    Itself for 3, which all data sets give where they can, and where it does not read files by channels: then the input
    of the network fits its pictures.
    """
    return dataset if channels == 3 or not reads_channels(dataset) else ChannelDataset(dataset, channels)


@dataclass(frozen=True)
class ChannelDataset(DatasetWrapper):
    """A data set whose pictures are read with a number of channels.

    Attributes:
        dataset: Where they come from.
        channels: Their channels.
    """

    dataset: Dataset
    channels: int

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        return self.dataset.fields

    @property
    def has_regions(self) -> bool:
        """Whether samples have regions: none, since the files are read anew."""
        return False

    def __getitem__(self, index: int) -> Sample:
        return Sample(self.picture(index), self.dataset.truth(index), self.dataset.id(index))

    def picture(self, index: int) -> Tensor:
        """The pixels (channels, H, W) of one picture."""
        return picture_of(self.dataset, index, self.channels)

    def truth(self, index: int) -> Annotation:
        """The truth of one picture."""
        return self.dataset.truth(index)

    def classes_by_window(self, index: int, most: int) -> ClassesByWindow | None:
        """Classes of one picture's pixels, part by part."""
        return classes_by_window(self.dataset, index, most)

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index, self.channels)
