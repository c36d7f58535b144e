"""A value of a JSON document together with its place, so that whatever is wrong with it can be said exactly."""

from pathlib import Path
from typing import Any

from saccade.core.errors import DataError

# Beyond it numbers mean nothing as pixels, and do not fit into float32.
GREATEST = 1e30


class JsonNode:
    """A value with its place, which is put into words when something is wrong only.

    Args:
        value: As `json` read it.
        path: The file.
        parent: What it stands in.
        key: Its key or place there.
        annotation_id: Identifier of the annotation it belongs to, where known.
    """

    __slots__ = ("annotation_id", "key", "parent", "path", "value")

    def __init__(
        self,
        value: Any,
        path: Path,
        parent: "JsonNode | None" = None,
        key: str | int = "",
        annotation_id: str | int | None = None,
    ) -> None:
        self.value, self.path, self.parent, self.key, self.annotation_id = value, path, parent, key, annotation_id

    @property
    def pointer(self) -> str:
        """The JSON pointer, such as ``/annotations/17/bbox``."""
        return "" if self.parent is None else f"{self.parent.pointer}/{self.key}"

    def named(self, annotation_id: str | int) -> "JsonNode":
        """The same place, known to belong to an annotation."""
        return JsonNode(self.value, self.path, self.parent, self.key, annotation_id)

    def wrong(self, expected: str, found: object, cure: str | None = None) -> DataError:
        """The error to raise about the value at this place."""
        return DataError(
            expected,
            found,
            path=self.path,
            pointer=self.pointer or None,
            annotation_id=self.annotation_id,
            cure=cure,
        )

    def get(self, key: str | int) -> "JsonNode":
        """The value under a key of an object or at a place of a list, which must be there."""
        if isinstance(key, str) and (not isinstance(self.value, dict) or key not in self.value):
            raise self.wrong(f"an object with {key!r}", shown(self.value))
        return JsonNode(self.value[key], self.path, self, key, self.annotation_id)

    def optional(self, key: str) -> "JsonNode | None":
        """The value under a key; None where it is absent or null."""
        return self.get(key) if self.value.get(key) is not None else None

    def items(self, key: str) -> list["JsonNode"]:
        """The items of the list under a key."""
        node = self.get(key)
        if not isinstance(node.value, list):
            raise node.wrong("a list", shown(node.value))
        return [JsonNode(item, self.path, node, place, self.annotation_id) for place, item in enumerate(node.value)]

    def numbers(self, count: int | None = None) -> list[float]:
        """The value as finite numbers, `count` of them where given."""
        values = self.value
        if not isinstance(values, list) or (count is not None and len(values) != count):
            raise self.wrong("a list of numbers" if count is None else f"a list of {count} numbers", shown(values))
        for place, value in enumerate(values):
            if not is_number(value):
                raise self.get(place).wrong("a finite number", shown(value))
        return values

    def number(self) -> float:
        """The value as a finite number."""
        if not is_number(self.value):
            raise self.wrong("a finite number", shown(self.value))
        return self.value

    def positive_int(self) -> int:
        """The value as a whole number above 0."""
        if self.number() != int(self.value) or self.value <= 0:
            raise self.wrong("a whole number above 0", shown(self.value))
        return int(self.value)

    def text(self) -> str:
        """The value as a text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self.wrong("a text", shown(self.value))
        return self.value

    def identifier(self) -> str | int:
        """The value as a whole number or a text."""
        if type(self.value) is not int and not isinstance(self.value, str):
            raise self.wrong("a whole number or a text as an identifier", shown(self.value))
        return self.value


def is_number(value: Any) -> bool:
    """Whether a parsed value is a number that can be a place, a length or an area."""
    return type(value) in (int, float) and -GREATEST <= value <= GREATEST


def shown(value: Any) -> str:
    """A value, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
