"""Several data sets as one."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset, Joints
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.data.classes import unite, with_classes
from saccade.data.picture import classes_of, contours_by_class, picture_of, semantic_classes_of, size_of
from saccade.data.store import starts_of


class Joined:
    """The pictures of several data sets, one set after the other.

    Classes of one name are one class; they stand in the order in which they first come. Fields are those of all sets
    together: what a set does not annotate is None in its pictures, and of classes that it does not have, its `labels`
    say that they are unknown. Names of pictures that occur twice get the name of their set before them.

    Args:
        parts: The data sets.
        names: What they are called; their numbers by default.

    Raises:
        ConfigError: Their joints are not the same, or their contours mean different things.
    """

    def __init__(self, parts: Sequence[Dataset], names: Sequence[str] = ()) -> None:
        self.classes = unite([part.classes for part in parts])
        # Classes of objects come first here too, so that one label means one class everywhere.
        self.semantic_classes = unite([self.classes, *map(semantic_classes_of, parts)])
        self.parts = tuple(with_classes(part, self.classes, self.semantic_classes) for part in parts)
        self.joints = _joints(parts)
        self.contours_by_class = _contours_by_class(parts)
        self.starts = starts_of(map(len, parts))
        self.names = tuple(names) if len(set(names)) == len(parts) else tuple(map(str, range(1, len(parts) + 1)))
        identifiers = [part.id(index) for part in parts for index in range(len(part))]
        self._prefixed = len(set(identifiers)) < len(identifiers)

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the fields that some part annotates."""
        return frozenset[str]().union(*(part.fields for part in self.parts))

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, index: int) -> Sample:
        part, place = self._place(index)
        sample = self.parts[part][place]
        return Sample(sample.image, sample.truth, self.id(index))

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        part, place = self._place(index)
        return self.parts[part].truth(place)

    def id(self, index: int) -> str:
        """The name of one picture."""
        part, place = self._place(index)
        own = self.parts[part].id(place)
        return f"{self.names[part]}/{own}" if self._prefixed else own

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        part, place = self._place(index)
        return picture_of(self.parts[part], place, channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        part, place = self._place(index)
        return size_of(self.parts[part], place, channels)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture shows."""
        part, place = self._place(index)
        return classes_of(self.parts[part], place)

    def _place(self, index: int) -> tuple[int, int]:
        """Which part a picture is of, and where in it."""
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        part = int(np.searchsorted(self.starts, index, side="right")) - 1
        return part, index - int(self.starts[part])


def _joints(parts: Sequence[Dataset]) -> Joints | None:
    """The joints that all parts with joints share."""
    known = [part.joints for part in parts if part.joints is not None]
    for other in known[1:]:
        if other.names != known[0].names:
            raise ConfigError(
                "the same joints in all data sets",
                f"{', '.join(known[0].names)} and {', '.join(other.names)}",
                cure="train on one of them, or bring the joints into one order",
            )
    return known[0] if known else None


def _contours_by_class(parts: Sequence[Dataset]) -> bool:
    """Whether contours are a map a class."""
    found = {contours_by_class(part) for part in parts if "contours" in part.fields}
    if len(found) > 1:
        raise ConfigError("contours of one kind", "maps of classes in one data set and of people in another")
    return found == {True}
