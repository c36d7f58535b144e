"""Training and validation data, from what a person says of their data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError, UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.chosen import class_subset, rename_classes
from saccade.data.datasets.classes.relabelled import all_names
from saccade.data.datasets.splits.folds import balanced, folds, holdout
from saccade.data.formats.common.split_names import USUAL, canonical
from saccade.data.open import Source, Sources, described, each, open_data, splits


@dataclass(frozen=True)
class DataOptions:
    """What becomes of data before anything is learnt from it.

    Attributes:
        rename: New names of classes; with an empty one a class becomes regions to ignore.
        subset: Names, after that, of the classes to keep; empty keeps all.
        fold: ``K/N``: the K-th of N parts is measured on, and the others are learnt from. ``N/class``: N pictures of
            each class are learnt from, and the others are measured on. None for no folds.
        seed: What folds and shares are drawn from.
        allow_outside: Whether names of pictures may lead out of the data's folder.
    """

    rename: Mapping[str, str] | None = None
    subset: Sequence[str] = ()
    fold: str | None = None
    seed: int = 0
    allow_outside: bool = False

    def of(self, dataset: Dataset, beside: Dataset | None = None) -> Dataset:
        """The data set with its classes renamed and chosen.

        Args:
            dataset: The data.
            beside: Other data that are made alike: a name that these have alone is no error.

        Raises:
            ConfigError: A class is unknown.
        """
        own = all_names(dataset.vocabularies)
        others = () if beside is None else [name for name in all_names(beside.vocabularies) if name not in own]
        names = {old: new for old, new in (self.rename or {}).items() if old not in others}
        renamed = rename_classes(dataset, names) if names else dataset
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
    train = open_data(data, allow_outside=choice.allow_outside)
    if choice.fold is not None:
        return _folded(choice.of(train), val, choice)
    share = share_of(data, val)
    if share is not None:
        kept, held = holdout(choice.of(train), share, choice.seed)
        return TrainVal(kept, held, str(val))
    measured, name = _open_val(data, val, choice.allow_outside)
    return TrainVal(choice.of(train, measured), None if measured is None else choice.of(measured, train), name)


def open_val(data: Sources, val: Source | None, choice: DataOptions) -> Dataset | None:
    """What is measured on alone, as `open_train_val` gives it; None where there is nothing."""
    if choice.fold is not None or share_of(data, val) is not None:
        return open_train_val(data, val, choice).val
    measured, _ = _open_val(data, val, choice.allow_outside)
    if measured is None or not choice.rename:
        return None if measured is None else choice.of(measured)
    return choice.of(measured, open_data(data, allow_outside=choice.allow_outside))


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
    each_class = count == "class" and number.isdecimal() and int(number) > 0
    part = number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) and int(count) > 1
    if not each_class and not part:
        cure = "write for instance 2/5, or 30/class to learn from 30 pictures of each"
        raise UsageError("a fold K/N with K from 1 to N, or N/class", repr(choice.fold), cure=cure)
    if val is not None:
        raise UsageError("a fold or something to validate on", "both", cure="leave out one of them")
    if each_class:
        kept, held = balanced(train, int(number), choice.seed)
    else:
        kept, held = folds(train, int(count), choice.seed)[int(number) - 1]
    return TrainVal(kept, held, f"fold {choice.fold}")


def _open_val(data: Sources, val: Source | None, allow_outside: bool) -> tuple[Dataset | None, str | None]:
    if val is not None and not isinstance(val, str | Path):
        return open_data(val), described(val)
    known = _known(data)
    part = "val" if val is None else canonical(str(val)) if canonical(str(val)) in known else str(val)
    if val is None or (isinstance(val, str) and part in known):
        # Data with one split are learnt from whole: to measure on them too would be no measurement.
        having = [one for one in each(data) if part in (found := splits(one)) and (len(found) > 1 or val is not None)]
        return (open_data(having, part, allow_outside=allow_outside), part) if having else (None, None)
    if isinstance(val, str) and canonical(val) in USUAL and not Path(val).exists():
        raise DataError(
            f"a split among {', '.join(sorted(known))}, or other data",
            repr(val),
            path=", ".join(map(described, each(data))),
            within="val",
            cure="name one of these, a folder or URI, or a share such as --val 0.2",
        )
    return open_data(val, preferred="val", allow_outside=allow_outside), str(val)


def _known(data: Sources) -> set[str]:
    """The splits that some of the sources has."""
    return {name for one in each(data) for name in splits(one)}


def name_of(data: Sources) -> str | list[str]:
    """How a person calls their data; a name each where there are several."""
    names = [described(one) for one in each(data)]
    return names if isinstance(data, list | tuple) else names[0]
