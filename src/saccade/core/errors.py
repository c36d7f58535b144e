"""What went wrong, said so that a person can mend it: what was expected, what was found, where, and the cure."""

from pathlib import Path
from typing import Self


class SaccadeError(Exception):
    """Base of every error that this package raises on purpose. Its sentence is made of its fields.

    ::

        path:line pointer annotation N: within: expected EXPECTED, found FOUND
          CURE

    Args:
        expected: What should have been there.
        found: What was there, as text or as the value itself.
        path: File that holds the fault.
        line: Line of that file, counted from 1.
        pointer: JSON pointer into that file, such as ``/annotations/17/bbox/2``.
        annotation_id: Identifier of the annotation at fault, as the file gives it.
        within: The part at fault that no line or pointer names, such as ``frame 12`` or ``setting 'size'``.
        cure: What to change or to type.

    Attributes:
        evidence: What was found, as values that a report of many such errors can look into (`with_evidence`), or None.
    """

    exit_code = 3
    evidence: object | None = None

    def __init__(
        self,
        expected: str,
        found: object,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        pointer: str | None = None,
        annotation_id: str | int | None = None,
        within: str | None = None,
        cure: str | None = None,
    ) -> None:
        self.expected = expected
        self.found = str(found)
        self.path = None if path is None else str(path)
        self.line = line
        self.pointer = pointer
        self.annotation_id = annotation_id
        self.within = within
        self.cure = cure
        super().__init__(expected, self.found)

    def with_evidence(self, evidence: object) -> Self:
        """This error, which keeps the values at fault."""
        self.evidence = evidence
        return self

    @property
    def where(self) -> int | str | None:
        """The line, or else the pointer, at fault; None where it is the file as a whole."""
        return self.pointer if self.line is None else self.line

    @property
    def what(self) -> str:
        """The sentence alone, without the file, the place in it and the cure."""
        sentence = f"expected {self.expected}, found {self.found}"
        return f"{self.within}: {sentence}" if self.within else sentence

    @property
    def hint(self) -> str | None:
        """The cure, by its other name."""
        return self.cure

    def __str__(self) -> str:
        places = [] if self.path is None else [self.path + (f":{self.line}" if self.line is not None else "")]
        places += [self.pointer] if self.pointer is not None else []
        places += [f"annotation {self.annotation_id}"] if self.annotation_id is not None else []
        text = f"{' '.join(places)}: {self.what}" if places else self.what
        return f"{text}\n  {self.cure}" if self.cure else text


class DataError(SaccadeError):
    """The user's data is at fault (exit code 1)."""

    exit_code = 1


class ConfigError(SaccadeError):
    """The user's configuration does not fit: system, settings, data or checkpoint disagree (exit code 1)."""

    exit_code = 1


class UsageError(SaccadeError):
    """The command or call is malformed (exit code 2)."""

    exit_code = 2


class ResourceError(SaccadeError):
    """The machine ran out of disk, memory or another resource (exit code 4)."""

    exit_code = 4
