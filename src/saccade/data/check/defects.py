"""A defect of a data set: where it is, what is there, what should be, and the cure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from saccade.core.errors import DataError
from saccade.data.left_out import LeftOut

KEYS = ("path", "where", "annotation_id", "found", "expected", "cure")
_CURE = "mend it, or take it out"


@dataclass(frozen=True)
class Defect:
    """One defect.

    Attributes:
        path: The file.
        where: The line of it from 1, or a JSON pointer into it, or None for the file as a whole.
        annotation_id: The annotation, as the file numbers it, or None.
        found: What is there.
        expected: What should be.
        cure: What to do.
        picture: The picture that it concerns, by its identifier, where that is known.
        box: x1, y1, x2, y2 of the object that it concerns, where that is known.
    """

    path: str | None
    where: int | str | None
    annotation_id: int | str | None
    found: str
    expected: str
    cure: str = _CURE
    picture: str | None = field(default=None, compare=False)
    box: tuple[float, ...] | None = field(default=None, compare=False)

    @staticmethod
    def of(error: DataError, picture: str | None = None) -> "Defect":
        """What an error says."""
        found = f"{error.found} ({error.within})" if error.within else error.found
        cure = error.cure or _CURE
        return Defect(error.path, error.where, error.annotation_id, found, error.expected, cure, picture)

    @property
    def kind(self) -> str:
        """What is expected, without its numbers and names: the same for defects of one kind."""
        return re.sub(r"'[^']*'|\d+(\.\d+)?", "…", self.expected)

    def row(self) -> dict[str, Any]:
        """The defect as JSON has it."""
        return {key: getattr(self, key) for key in KEYS}


def left_out_defects(files: LeftOut) -> Iterator[Defect]:
    """A row for each file that is left out."""
    for file in files.files:
        yield Defect(str(file), None, None, files.found, files.expected, files.cure)


def without_repeats(defects: Iterable[Defect]) -> list[Defect]:
    """The defects, each once: splits share files, and persons pictures."""
    return list(dict.fromkeys(defects))
