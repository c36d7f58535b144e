"""Several data sets as one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset, Joints
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.core.vocabulary import KEYS, UNTOLD_CONTOURS, Vocabularies, key_of
from saccade.data.datasets.by_window import ClassesByWindow, classes_by_window
from saccade.data.datasets.classes.relabelled import unite, with_vocabularies
from saccade.data.datasets.picture import classes_of, has_regions, picture_of, size_of
from saccade.data.formats.common.store import starts_of


class ConcatDataset:
    """The pictures of several data sets, one set after the other.

    Classes of one name are one class; they stand in the order in which they first come. Fields are those of all sets
    together: what a set does not annotate is None in its pictures. Classes that it does not have were not looked for
    there: its pictures say so in `sought` and `semantic_sought`, and their `labels` that they are unknown. Names of
    pictures that occur twice get the name of their set before them.

    Args:
        parts: The data sets.
        names: What they are called; their numbers by default.

    Raises:
        ConfigError: Their joints are not the same, or their contours mean different things.
    """

    def __init__(self, parts: Sequence[Dataset], names: Sequence[str] = ()) -> None:
        self.joints = _joints(parts)
        _check_contours(parts)
        self.vocabularies = _united([part.vocabularies for part in parts])
        self.classes = self.vocabularies.main
        self.given = tuple(parts)
        self.parts = tuple(with_vocabularies(part, self.vocabularies) for part in parts)
        self.starts = starts_of(map(len, parts))
        self.names = tuple(names) if len(set(names)) == len(parts) else tuple(map(str, range(1, len(parts) + 1)))
        identifiers = [part.id(index) for part in parts for index in range(len(part))]
        self._prefixed = len(set(identifiers)) < len(identifiers)

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the fields that some part annotates."""
        return frozenset[str]().union(*(part.fields for part in self.parts))

    @property
    def has_regions(self) -> bool:
        """Whether samples of all parts have regions that a search proposed."""
        return all(has_regions(part) for part in self.parts)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, index: int) -> Sample:
        part, place = self._place(index)
        return replace(self.parts[part][place], id=self.id(index))

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The part that a picture is of, as it was given, and its place there."""
        part, place = self._place(index)
        return self.given[part], place

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

    def classes_by_window(self, index: int, most: int) -> ClassesByWindow | None:
        """Classes of one picture's pixels, part by part."""
        part, place = self._place(index)
        return classes_by_window(self.parts[part], place, most)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of the main vocabulary that one picture shows; none of a part that has no field of that one."""
        part, place = self._place(index)
        main = next(iter(self.vocabularies), None)
        told = any(key_of(field) == main for field in self.parts[part].fields)
        return classes_of(self.parts[part], place) if told else frozenset()

    def _place(self, index: int) -> tuple[int, int]:
        """Which part a picture is of, and where in it."""
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        part = int(np.searchsorted(self.starts, index, side="right")) - 1
        return part, index - int(self.starts[part])


def _joints(parts: Sequence[Dataset]) -> Joints | None:
    """The joints that all parts with joints share."""
    known = [part.joints for part in parts if part.joints is not None]
    told = [one.sigmas for one in known if one.sigmas]
    _check_same([one.names for one in known], "joints", "train on one of them, or bring the joints into one order")
    what, cure = "constants of similarity (sigmas) of joints", "take the sigmas out of all but one of them"
    _check_same(told, what, cure)
    return replace(known[0], sigmas=told[0]) if told else known[0] if known else None


def _check_same(lists: Sequence[Sequence[str | float]], what: str, cure: str) -> None:
    """Refuse data sets that list different things.

    Raises:
        ConfigError: Two lists differ.
    """
    for other in lists[1:]:
        if other != lists[0]:
            found = " and ".join(", ".join(map(str, one)) for one in (lists[0], other))
            raise ConfigError(f"the same {what} in all data sets", found, cure=cure)


def _united(lists: Sequence[Vocabularies]) -> Vocabularies:
    """Each vocabulary of some part, with the names of all.

    Classes of objects come first among those of pixels too, so that one label means one class everywhere.
    """
    united = {key: unite([one[key] for one in lists if key in one]) for key in KEYS if any(key in one for one in lists)}
    if "semantic" in united and "instances" in united:
        united["semantic"] = unite([united["instances"], united["semantic"]])
    return Vocabularies(united)


def _check_contours(parts: Sequence[Dataset]) -> None:
    """Refuse contours of two kinds."""
    found = {
        part.vocabularies.get("contours", UNTOLD_CONTOURS) == UNTOLD_CONTOURS
        for part in parts
        if "contours" in part.fields
    }
    if len(found) > 1:
        raise ConfigError("contours of one kind", "maps of classes in one data set and of people in another")
