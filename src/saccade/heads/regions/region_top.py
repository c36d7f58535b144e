"""What a region detector's tops are given, and what is asked of them.

Legend: B pictures, R regions of each (padded), n regions of all pictures.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from saccade.core.annotation import Instances
from saccade.network.regions import Regions


@dataclass(frozen=True)
class Sampled:
    """Regions that the losses are made of.

    Attributes:
        boxes: (n, 4) x1, y1, x2, y2 in input pixels.
        owners: (n,) the picture of each.
        labels: (n,) class of the object that a region answers for, -1 background.
        rows: (n,) that object's row in `truth`, or -1.
        targets: (n, 4) boxes of the objects; a background region's own box.
        truth: B pictures' objects.
        seek: (B, 1, C) bool, which classes were sought in each picture; None: all.
    """

    boxes: Tensor
    owners: Tensor
    labels: Tensor
    rows: Tensor
    targets: Tensor
    truth: Sequence[Instances]
    seek: Tensor | None = None

    def __getitem__(self, places: Tensor) -> "Sampled":
        columns = (self.boxes, self.owners, self.labels, self.rows, self.targets)
        return Sampled(*(column[places] for column in columns), truth=self.truth, seek=self.seek)

    @property
    def sought(self) -> Tensor | None:
        """(n, C) bool, which classes were sought in the picture of each region; None: all."""
        return None if self.seek is None else self.seek[self.owners, 0]

    @property
    def objects(self) -> Tensor:
        """Positions of the regions that answer for an object."""
        return (self.rows >= 0).nonzero()[:, 0]


@dataclass(frozen=True)
class Told:
    """Regions in which a teacher sees an object.

    Attributes:
        maps: What the teacher reads.
        boxes: (n, 4) x1, y1, x2, y2 in input pixels.
        owners: (n,) the picture of each.
        labels: (n,) the likeliest of the teacher's own classes.
        places: (n,) what the learner calls them.
    """

    maps: Mapping[str, Tensor]
    boxes: Tensor
    owners: Tensor
    labels: Tensor
    places: Tensor


class RegionTop(nn.Module, ABC):
    """One thing that is said of each region.

    The top that is called ``box`` decides which regions stay, and as what; all others speak of what stays.

    Attributes:
        reads: Names of the maps that it reads.
        terms: Names of the terms of its loss.
        gives: Columns of `Instances` that it fills.
        needs: Columns of the true `Instances` that its loss reads.
        uses: Columns that its loss reads where they are there, and does without where they are not.
    """

    reads: tuple[str, ...]
    terms: tuple[str, ...]
    gives: frozenset[str]
    needs: frozenset[str]
    uses: frozenset[str] = frozenset()

    @property
    def class_layers(self) -> Mapping[str, int]:
        """As `Head.class_layers`."""
        return {}

    @abstractmethod
    def forward(self, maps: Mapping[str, Tensor], regions: Regions) -> Any:
        """The raw output, a tree of tensors (B, R, …)."""

    @abstractmethod
    def loss(self, maps: Mapping[str, Tensor], sampled: Sampled) -> dict[str, Tensor]:
        """Scalar terms."""


class ColumnTop(RegionTop, ABC):
    """A top that adds columns to the rows that stay."""

    @abstractmethod
    def columns(self, raw: Any, picture: int, rows: Instances, size: tuple[int, int]) -> dict[str, Any]:
        """The added columns of one picture.

        Args:
            raw: What `forward` gave.
            picture: Position of the picture in the batch; its rows are the first of R.
            rows: Boxes, scores and labels that stay.
            size: (H, W) of the picture in input pixels.
        """


@runtime_checkable
class TeachableTop(Protocol):
    """A top that adds columns, and can be taught by another of its kind."""

    def distance(self, maps: Mapping[str, Tensor], teacher: RegionTop, told: Told) -> Tensor:
        """() how far what it says is from a teacher's, of the regions in which this one sees an object.

        Args:
            maps: What it reads.
            teacher: A top that is built as it is, for some of its classes.
            told: What the teacher reads, and sees.
        """
        ...
