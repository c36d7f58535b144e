"""Parts of one data set to learn from and to measure on, with every class in each as far as can be.

Iterative stratification: the rarest class that is left is dealt first, each picture to the part that lacks most of that
class (Sechidis, Tsoumakas and Vlahavas, On the stratification of multi-label data, 2011, section 3.2).

Legend: N pictures, G groups of pictures that stay together, P parts.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.data.datasets.picture import classes_of
from saccade.data.datasets.subset import Subset

Split = tuple[Subset, Subset]
# Several persons of one picture are samples of one name, apart from their number.
_NUMBER = re.compile(r"#\d+$")


def folds(dataset: Dataset, count: int, seed: int = 0) -> list[Split]:
    """As many pairs of pictures to learn from and pictures to measure on; each picture is measured on once.

    Args:
        dataset: The pictures. Samples of one picture, such as persons, stay on one side.
        count: How many folds, 2 or more.
        seed: What the folds are drawn from; the same seed gives the same folds.

    Raises:
        ConfigError: There are fewer pictures than folds.
    """
    if count < 2:
        raise ConfigError("2 folds or more", count)
    part = stratified(dataset, [1 / count] * count, seed)
    return [(_where(dataset, part != fold), _where(dataset, part == fold)) for fold in range(count)]


def holdout(dataset: Dataset, share: float, seed: int = 0) -> Split:
    """Pictures to learn from, and a share of all, to measure on.

    Args:
        dataset: The pictures. Samples of one picture, such as persons, stay on one side.
        share: How much is held out, between 0 and 1.
        seed: What it is drawn from; the same seed gives the same pictures.

    Raises:
        ConfigError: A side would be empty.
    """
    if not 0 < share < 1:
        raise ConfigError("a share between 0 and 1", f"{share:g}")
    part = stratified(dataset, [1 - share, share], seed)
    return _where(dataset, part == 0), _where(dataset, part == 1)


def balanced(dataset: Dataset, per_class: int, seed: int = 0) -> Split:
    """As many pictures of each class to learn from, and all others to measure on.

    Args:
        dataset: Pictures of which each shows one class.
        per_class: How many of each class are learnt from.
        seed: What they are drawn from; the same seed gives the same pictures.

    Raises:
        ConfigError: A picture shows no class or several, or a class has too few pictures to stand on both sides.
    """
    shown = [classes_of(dataset, index) for index in range(len(dataset))]
    odd = next((index for index, classes in enumerate(shown) if len(classes) != 1), None)
    if odd is not None:
        raise ConfigError(
            "pictures of one class each", f"{len(shown[odd])} classes in {dataset.id(odd)}", cure="--fold K/N"
        )
    labels = np.array([next(iter(classes)) for classes in shown], np.int64)
    counts = np.bincount(labels, minlength=1)
    few = [label for label, count in enumerate(counts.tolist()) if 0 < count <= per_class]
    if few or not len(labels):
        found = f"{counts[few[0]]} of {dataset.classes[few[0]]!r}" if few else "no picture"
        raise ConfigError(f"more than {per_class} pictures of each class", found)
    learnt = np.zeros(len(labels), bool)
    rng = np.random.default_rng(seed)
    for label in np.flatnonzero(counts).tolist():
        learnt[rng.permutation(np.flatnonzero(labels == label))[:per_class]] = True
    return _where(dataset, learnt), _where(dataset, ~learnt)


def stratified(dataset: Dataset, shares: Sequence[float], seed: int = 0) -> NDArray[np.int64]:
    """(N,) which of P parts each picture belongs to, so that each part shows each class as often as its share says.

    Args:
        dataset: The pictures.
        shares: P shares whose sum is 1.
        seed: What chance is drawn from.

    Raises:
        ConfigError: There are fewer pictures than parts.
    """
    owners, shown = _groups(dataset)
    if len(shown) < len(shares):
        raise ConfigError(f"{len(shares)} pictures or more to be dealt to as many parts", len(shown))
    order = np.random.default_rng(seed).permutation(len(shown))
    dealt = _Deal(np.array(shares), [shown[group] for group in order]).all()
    part = np.empty(len(shown), np.int64)
    part[order] = dealt
    _fill(part, len(shares))
    return part[owners]


def _groups(dataset: Dataset) -> tuple[NDArray[np.int64], list[frozenset[int]]]:
    """(N,) the group of each picture, and the classes that each of the G groups shows."""
    places: dict[str, int] = {}
    owners = np.empty(len(dataset), np.int64)
    shown: list[frozenset[int]] = []
    for index in range(len(dataset)):
        name = _NUMBER.sub("", dataset.id(index))
        owners[index] = group = places.setdefault(name, len(shown))
        if group == len(shown):
            shown.append(frozenset())
        shown[group] |= classes_of(dataset, index)
    return owners, shown


class _Deal:
    """Groups that are dealt to parts.

    Attributes:
        room: (P,) how many groups each part still lacks.
        lacks: (classes, P) how many groups of each class each part still lacks.
    """

    def __init__(self, shares: NDArray[np.float64], shown: list[frozenset[int]]) -> None:
        self.shown = shown
        self.part = np.full(len(shown), -1, np.int64)
        self.members: dict[int, list[int]] = {}
        for group, classes in enumerate(shown):
            for label in classes:
                self.members.setdefault(label, []).append(group)
        self.left = {label: len(groups) for label, groups in self.members.items()}
        self.room = shares * len(shown)
        self.lacks = {label: shares * len(groups) for label, groups in self.members.items()}

    def all(self) -> NDArray[np.int64]:
        """(G,) the part of each group."""
        while self.left:
            rarest = min(self.left, key=lambda label: (self.left[label], label))
            for group in self.members[rarest]:
                if self.part[group] < 0:
                    self._give(group, self.lacks[rarest])
        for group in np.flatnonzero(self.part < 0).tolist():
            self._give(group, self.room)
        return self.part

    def _give(self, group: int, need: NDArray[np.float64]) -> None:
        """One group to the part that needs it most; among equals, to the one with most room."""
        equal = np.flatnonzero(need >= need.max() - 1e-9)
        chosen = int(equal[self.room[equal].argmax()])
        self.part[group] = chosen
        self.room[chosen] -= 1
        for label in self.shown[group]:
            self.lacks[label][chosen] -= 1
            self.left[label] -= 1
            if not self.left[label]:
                del self.left[label]


def _fill(part: NDArray[np.int64], count: int) -> None:
    """Gives a picture of the largest part to each part that got none: shares of few pictures round to nothing."""
    for empty in np.flatnonzero(np.bincount(part, minlength=count) == 0).tolist():
        largest = np.bincount(part, minlength=count).argmax()
        part[np.flatnonzero(part == largest)[-1]] = empty


def _where(dataset: Dataset, chosen: NDArray[np.bool_]) -> Subset:
    return Subset(dataset, np.flatnonzero(chosen).tolist())
