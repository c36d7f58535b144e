"""What all written formats share: what they are told of the source, and what they are asked for."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from saccade.core.dataset import Dataset, Joints
from saccade.core.errors import DataError
from saccade.data.formats.common.split_names import USUAL
from saccade.data.formats.common.store import states_of
from saccade.data.formats.writing.objects import Array, largest
from saccade.data.formats.writing.pictures import Picture

Loss = tuple[str, int]
NOTHING: Array = np.zeros(0, np.int64)
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Source:
    """The data set that is written anew.

    Attributes:
        splits: Its parts by name.
        classes: C names.
        semantic_classes: Names of the classes of pixels, which may be others.
        joints: What the joints are, or None.
    """

    splits: dict[str, Dataset]
    classes: tuple[str, ...]
    semantic_classes: tuple[str, ...]
    joints: Joints | None

    def annotates(self, field: str) -> bool:
        """Whether some split annotates a dotted field."""
        return any(field in dataset.fields for dataset in self.splits.values())


class Form(ABC):
    """One format that is written.

    Args:
        source: What is written.
        allowed: Kinds of loss that are allowed.
        link: Whether pictures become further names of the same files, not copies.

    Raises:
        DataError: The format cannot hold the names of classes or splits.
    """

    name: ClassVar[str]
    shared: ClassVar[bool] = False
    """Whether all splits keep their pictures in one folder."""

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        self.source, self.allowed, self.link = source, allowed, link

    def whole(self) -> Iterator[Loss]:
        """What is lost of the data set as a whole."""
        return iter(())

    @abstractmethod
    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture: kinds and how often."""

    @abstractmethod
    def write(self, root: Path, split: str, pictures: Iterable[Picture]) -> int:
        """Writes one split into the folder `root`; gives the number of pictures, without those left out."""

    def texts(self) -> dict[str, str]:
        """Files that all splits share: what they say, by name."""
        return {}


def map_losses(picture: Picture, semantic: bool = False, several: bool = False) -> Iterator[Loss]:
    """Fields of the whole picture that formats of objects have no place for.

    Args:
        picture: The picture.
        semantic: Whether one class a pixel is kept.
        several: Whether masks of classes are kept.
    """
    truth = picture.truth
    person = truth.person is not None and any(
        value is not None for value in (truth.person.centre, truth.person.scale, truth.person.head_size)
    )
    yield "contours", int(truth.contours is not None)
    yield "pose", int(truth.pose is not None)
    yield "person", int(person)
    yield "semantic", int(truth.semantic is not None and not semantic)
    yield "semantic_masks", int(truth.semantic_masks is not None and not several)
    objects = truth.sought if truth.instances is not None or truth.labels is not None else None
    kept = (truth.semantic is not None and semantic) or (truth.semantic_masks is not None and several)
    pixels = truth.semantic_sought if kept else None
    yield "sought", int(any(marks is not None and not marks.all() for marks in (objects, pixels)))


def class_losses(
    picture: Picture, labels: Array, areas: Array, crowd: Array | None = None, unsure: Array | None = None
) -> Iterator[Loss]:
    """Classes of the whole picture that readers would not find again in the objects as they are written.

    Args:
        picture: The picture.
        labels: (n,) of the written objects.
        areas: (n,) as readers will find them.
        crowd: (n,) bool, what will be a crowd, and so not the largest object; by default nothing.
        unsure: (n,) bool, what alone leaves open whether its class is there; by default crowds.
    """
    crowd = np.zeros(len(labels), np.bool_) if crowd is None else crowd
    unsure = crowd if unsure is None else unsure
    truth = picture.truth
    if truth.label is not None:
        yield "label", int(largest(labels, areas, ~crowd) != int(truth.label))
    if truth.labels is not None:
        present = states_of(labels, unsure, len(truth.labels))
        yield "labels", int((present != truth.labels.numpy()).any())


def strays(found: Array, wanted: Array) -> int:
    """How many areas differ by more than a hundredth and a hundredth of a pixel."""
    return int((np.abs(found - wanted) > 0.01 * np.maximum(np.abs(wanted), 1)).sum())


def check_usual_splits(source: Source, cure: str = "choose some with --split") -> None:
    """Whether the splits have names that a folder's parts have.

    Raises:
        DataError: One is none of train, val and test.
    """
    odd = set(source.splits) - USUAL
    if odd:
        raise DataError("the splits train, val and test", ", ".join(sorted(odd)), cure=cure)


def check_folders(classes: Sequence[str]) -> None:
    """Whether each name can be that of a folder on every system.

    Raises:
        DataError: One is hidden, too long or has marks that a system takes for others, or two differ in capitals alone.
    """
    for name in classes:
        if name[0] == "." or set(name) & set('/\\:*?"<>|') or len(name.encode()) > 250:
            raise DataError("names of classes that a folder can have", repr(name))
    if len({name.casefold() for name in classes}) < len(classes):
        raise DataError("names of classes that differ not in capitals alone", ", ".join(classes))


def check_lines(classes: Sequence[str], form: str) -> None:
    """Whether each name can stand on a line of its own.

    Raises:
        DataError: One is empty, has blanks around it, holds control characters, or is there twice.
    """
    for name in classes:
        if not name or name != name.strip() or _UNFIT.search(name) or list(classes).count(name) > 1:
            raise DataError(f"names of classes that fit on a line of {form}, each once", repr(name))
