"""Training and validation data, from what a person says of their data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes import class_subset, rename_classes
from saccade.data.datasets.folds import folds, holdout
from saccade.data.datasets.relabelled import all_names
from saccade.data.open import Source, Sources, each, open_data, splits


@dataclass(frozen=True)
class DataOptions:
    """What becomes of data before anything is learnt from it.

    Attributes:
        rename: New names of classes; with an empty one a class becomes regions to ignore.
        subset: Names, after that, of the classes to keep; empty keeps all.
        fold: ``K/N``: the K-th of N parts is measured on, and the others are learnt from; None for no folds.
        seed: What folds and shares are drawn from.
        allow_outside: Whether names of pictures may lead out of the data's folder.
    """

    rename: Mapping[str, str] | None = None
    subset: Sequence[str] = ()
    fold: str | None = None
    seed: int = 0
    allow_outside: bool = False

    def of(self, dataset: Dataset) -> Dataset:
        """The data set with its classes renamed and chosen.

        Raises:
            ConfigError: A class is unknown.
        """
        renamed = rename_classes(dataset, self.rename) if self.rename else dataset
        return class_subset(renamed, self.subset) if self.subset else renamed

    def fitted(self, dataset: Dataset, vocabularies: Vocabularies) -> Dataset:
        """Other data made like those that a network learnt from: names that they lack are no error.

        Args:
            dataset: The data.
            vocabularies: The classes of the data that the network learnt from.
        """
        if dataset.vocabularies == vocabularies:
            return dataset
        known = all_names(dataset.vocabularies)
        names = {old: new for old, new in (self.rename or {}).items() if old in known}
        return DataOptions(names, self.subset).of(dataset)


@dataclass(frozen=True)
class TrainVal:
    """What is learnt from, and what is measured on, with its name, where there is something."""

    train: Dataset
    val: Dataset | None = None
    val_name: str | None = None


def open_train_val(data: Sources, val: Source | None, choice: DataOptions) -> TrainVal:
    """Both sides.

    Args:
        data: A folder, a URI, a data set, or several.
        val: A split's name, a share such as ``0.2``, a folder, a URI or a data set; None for the split ``val`` where
            there is one.
        choice: Classes and folds.

    Raises:
        UsageError: Both a fold and something to measure on are given, or the fold is malformed.
        ConfigError: A class is unknown, or there are too few pictures.
        DataError: A side cannot be read.
    """
    train = choice.of(open_data(data, "train", allow_outside=choice.allow_outside))
    if choice.fold is not None:
        return _folded(train, val, choice)
    share = share_of(data, val)
    if share is not None:
        kept, held = holdout(train, share, choice.seed)
        return TrainVal(kept, held, str(val))
    measured, name = _open_val(data, val, choice.allow_outside)
    return TrainVal(train, None if measured is None else choice.of(measured), name)


def open_val(data: Sources, val: Source | None, choice: DataOptions) -> Dataset | None:
    """What is measured on alone, as `open_train_val` gives it; None where there is nothing."""
    if choice.fold is not None or share_of(data, val) is not None:
        return open_train_val(data, val, choice).val
    measured, _ = _open_val(data, val, choice.allow_outside)
    return None if measured is None else choice.of(measured)


def share_of(data: Sources, val: Source | None) -> float | None:
    """The share of the training pictures that `val` says, or None where it says something else.

    Raises:
        UsageError: It is a number, and no share.
    """
    if not isinstance(val, str) or val in _known(data):
        return None
    try:
        share = float(val)
    except ValueError:
        return None
    if not 0 < share < 1:
        raise UsageError("a share between 0 and 1 of val", val, cure="write for instance 0.2")
    return share


def _folded(train: Dataset, val: object, choice: DataOptions) -> TrainVal:
    number, _, count = (choice.fold or "").partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) and int(count) > 1):
        raise UsageError("a fold K/N with K from 1 to N", repr(choice.fold), cure="write for instance 2/5")
    if val is not None:
        raise UsageError("a fold or something to validate on", "both", cure="leave out one of them")
    kept, held = folds(train, int(count), choice.seed)[int(number) - 1]
    return TrainVal(kept, held, f"fold {choice.fold}")


def _open_val(data: Sources, val: Source | None, allow_outside: bool) -> tuple[Dataset | None, str | None]:
    if val is not None and not isinstance(val, str | Path):
        return open_data(val), described(val)
    if val is None or (isinstance(val, str) and val in _known(data)):
        part = val or "val"
        # Data with one split are learnt from whole: to measure on them too would be no measurement.
        having = [one for one in each(data) if part in (found := splits(one)) and (len(found) > 1 or val is not None)]
        return (open_data(having, part, allow_outside=allow_outside), part) if having else (None, None)
    return open_data(val, "val", allow_outside=allow_outside), str(val)


def _known(data: Sources) -> set[str]:
    """The splits that some of the sources has."""
    return {name for one in each(data) for name in splits(one)}


def name_of(data: Sources) -> str | list[str]:
    """How a person calls their data; a name each where there are several."""
    names = [described(one) for one in each(data)]
    return names if isinstance(data, list | tuple) else names[0]


def described(source: Source) -> str:
    """How a person calls a source."""
    return str(source) if isinstance(source, str | Path) else f"{type(source).__name__} of {len(source)}"
