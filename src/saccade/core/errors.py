"""What went wrong, said so that a person can mend it: expected, found, where, cure."""

import re
from pathlib import Path

# Every message of ours about a fault is one sentence of this form; the last part may be missing.
_SENTENCE = re.compile(
    r"(?P<noun>.+?),? (?:is|are) expected(?P<where>(?:(?!, (?:found|the header)).)*)"
    r"(?:, (?:found(?: at)?:?|the header declares) (?P<found>.+))?",
    re.DOTALL,
)


class SaccadeError(Exception):
    """Base of every error that this package raises on purpose.

    Args:
        what: One sentence that says what is wrong, with what was expected and what was found.
        path: File that holds the fault.
        line: Line of that file, counted from 1.
        pointer: JSON pointer into that file, such as ``/annotations/17/bbox/2``.
        annotation_id: Identifier of the annotation at fault, as the file gives it.
        hint: The cure: what to change or to type.
    """

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        pointer: str | None = None,
        annotation_id: str | int | None = None,
        hint: str | None = None,
    ) -> None:
        self.what = what
        self.path = None if path is None else str(path)
        self.line = line
        self.pointer = pointer
        self.annotation_id = annotation_id
        self.hint = hint
        super().__init__(str(self))

    @property
    def expected(self) -> str:
        """What should have been there: the first part of `what`; empty where it says only what was found."""
        parts = _SENTENCE.fullmatch(self.what)
        return "" if parts is None else parts["noun"] + parts["where"]

    @property
    def found(self) -> str:
        """What was there: the last part of `what`, or all of it where it has no such parts."""
        parts = _SENTENCE.fullmatch(self.what)
        return self.what if parts is None else parts["found"] or "something else"

    def __str__(self) -> str:
        where = [] if self.path is None else [self.path + (f":{self.line}" if self.line is not None else "")]
        where += [self.pointer] if self.pointer is not None else []
        where += [f"annotation {self.annotation_id}"] if self.annotation_id is not None else []
        place = " ".join(where)
        text = f"{place}: {self.what}" if place else self.what
        return f"{text}\n  {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (loader workers); keyword arguments must survive pickling.
        return (_rebuild, (type(self), self.what, self.__dict__.copy()))


def _rebuild(kind: type[SaccadeError], what: str, fields: dict[str, object]) -> SaccadeError:
    error = kind(what)
    error.__dict__.update(fields)
    error.args = (str(error),)
    return error


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
