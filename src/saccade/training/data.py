"""The data of a training: what is learnt from, and what is measured on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.data.open import open_data, splits
from saccade.data.classes import class_subset


@dataclass(frozen=True)
class Data:
    """The data of a training.

    Attributes:
        train: What is learnt from.
        val: What is measured on, or None.
        name: How a person calls it; stored with the run.
        val_name: The same of `val`.
    """

    train: Dataset
    val: Dataset | None
    name: str
    val_name: str | None


def open_training_data(data: str | Path | Dataset, val: str | Path | Dataset | None, classes: Sequence[str]) -> Data:
    """Open both sides.

    Args:
        data: A folder, a URI or a data set.
        val: A split's name, a folder, a URI or a data set; None for the split ``val`` where there is one.
        classes: Names of the classes to keep; empty keeps all.

    Raises:
        ConfigError: The two sides have different classes.
        DataError: A side cannot be read.
    """
    train = open_data(data, "train")
    measured, val_name = _open_val(data, val)
    if classes:
        train = class_subset(train, classes)
        measured = None if measured is None else class_subset(measured, classes)
    if measured is not None and tuple(measured.classes) != tuple(train.classes):
        raise ConfigError(
            f"the classes of the training data are expected in {val_name}: {list(train.classes)[:8]}, "
            f"found {list(measured.classes)[:8]}",
            hint="give both sides the same classes in the same order",
        )
    return Data(train, measured, _name(data), val_name)


def _open_val(data: str | Path | Dataset, val: str | Path | Dataset | None) -> tuple[Dataset | None, str | None]:
    if isinstance(val, Path):
        return open_data(val, "val"), str(val)
    if val is not None and not isinstance(val, str):
        return val, _name(val)
    if not isinstance(data, str | Path):
        return (None, None) if val is None else (open_data(val, "val"), val)
    known = splits(data)
    if val is None:
        return (open_data(data, "val"), "val") if "val" in known and len(known) > 1 else (None, None)
    return (open_data(data, val), val) if val in known else (open_data(val, "val"), val)


def _name(data: str | Path | Dataset) -> str:
    return str(data) if isinstance(data, str | Path) else f"{type(data).__name__} of {len(data)}"
