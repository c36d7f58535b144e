"""A value of a JSON document together with its place, so that whatever is wrong with it can be said exactly."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from saccade.core.errors import DataError


@dataclass(frozen=True)
class Node:
    """A value, the file it stands in, and its JSON pointer.

    Attributes:
        value: As `json` read it.
        path: The file.
        pointer: Such as ``/annotations/17/bbox``.
        annotation_id: Identifier of the annotation it belongs to, where known.
    """

    value: Any
    path: Path
    pointer: str = ""
    annotation_id: str | int | None = None

    def wrong(self, what: str, hint: str | None = None) -> DataError:
        """The error to raise about the value at this place."""
        pointer = self.pointer or "/"
        return DataError(what, path=self.path, pointer=pointer, annotation_id=self.annotation_id, hint=hint)

    def get(self, key: str | int) -> "Node":
        """The value under a key of an object or at a place of a list, which must be there."""
        if isinstance(key, str) and (not isinstance(self.value, dict) or key not in self.value):
            raise self.wrong(f"an object with {key!r} is expected, found {shown(self.value)}")
        return replace(self, value=self.value[key], pointer=f"{self.pointer}/{key}")

    def optional(self, key: str) -> "Node | None":
        """The value under a key; None where it is absent or null."""
        return self.get(key) if self.value.get(key) is not None else None

    def items(self, key: str) -> list["Node"]:
        """The items of the list under a key."""
        node = self.get(key)
        if not isinstance(node.value, list):
            raise node.wrong(f"a list is expected, found {shown(node.value)}")
        return [replace(node, value=item, pointer=f"{node.pointer}/{i}") for i, item in enumerate(node.value)]

    def numbers(self, count: int | None = None) -> list[float]:
        """The value as finite numbers, `count` of them where given."""
        values = self.value
        if not isinstance(values, list) or (count is not None and len(values) != count):
            raise self.wrong(f"a list of {count or ''} numbers is expected, found {shown(values)}".replace("  ", " "))
        for place, value in enumerate(values):
            if type(value) not in (int, float) or not math.isfinite(value):
                raise self.get(place).wrong(f"a finite number is expected, found {shown(value)}")
        return values

    def number(self) -> float:
        """The value as a finite number."""
        if type(self.value) not in (int, float) or not math.isfinite(self.value):
            raise self.wrong(f"a finite number is expected, found {shown(self.value)}")
        return self.value

    def positive_int(self) -> int:
        """The value as a whole number above 0."""
        if self.number() != int(self.value) or self.value <= 0:
            raise self.wrong(f"a whole number above 0 is expected, found {shown(self.value)}")
        return int(self.value)

    def text(self) -> str:
        """The value as a text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self.wrong(f"a text is expected, found {shown(self.value)}")
        return self.value

    def identifier(self) -> str | int:
        """The value as a whole number or a text."""
        if type(self.value) is not int and not isinstance(self.value, str):
            raise self.wrong(f"a whole number or a text is expected as an identifier, found {shown(self.value)}")
        return self.value


def shown(value: Any) -> str:
    """A value, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
