"""The splits of a source, opened as far as they can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import telling
from saccade.data.open import open_data, splits


@dataclass(frozen=True)
class Part:
    """One split.

    Attributes:
        name: The split's name.
        data: Its pictures, less the faulty entries.
        errors: What is wrong with those.
    """

    name: str
    data: Dataset
    errors: Sequence[DataError] = ()

    def path(self, index: int) -> Path | None:
        """A picture's file; None where the data set has none, or its name leads out of the data's folder."""
        known: Any = getattr(self.data, "path", None)
        try:
            return Path(known(index)) if callable(known) else None  # pyright: ignore[reportArgumentType]
        except DataError:
            return None  # It is told when the picture is read.


def open_parts(
    source: str | Path | Dataset, names: Sequence[str], *, allow_outside: bool = False
) -> tuple[list[Part], list[DataError]]:
    """The splits that can be opened, and all errors.

    Args:
        source: A folder, a URI or a data set.
        names: Which splits; empty for all.
        allow_outside: Whether files may lie outside the data's folder.

    Raises:
        UsageError: The URI is malformed.
    """
    if not isinstance(source, str | Path):
        return [Part("train", source)], []
    found: list[Part] = []
    errors: list[DataError] = []
    with telling(errors.append):
        for name in names or splits(source, allow_outside=allow_outside) or ["train"]:
            own: list[DataError] = []
            with telling(own.append):
                found.append(Part(name, open_data(source, name, report=own.append, allow_outside=allow_outside), own))
            errors += map(_alone, own)
    return found, list(map(_alone, errors))


def _alone(error: DataError) -> DataError:
    """The error without the frames that it passed, which would keep all that the reader has read in memory."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error
