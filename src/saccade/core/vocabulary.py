"""Which classes the labels of each field count: the pixels of a data set often have other classes than its objects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

KEYS = ("instances", "semantic", "contours", "joints")
# Contours that are drawn a map a person, whatever they bound: no class is told.
UNTOLD_CONTOURS = ("contour",)

Names = Sequence[str] | Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Vocabularies(Mapping[str, tuple[str, ...]]):
    """Names of classes by field.

    The keys are ``instances``, whose names the labels of whole pictures share, since a picture's class is that of its
    largest object; ``semantic``; ``contours``, where there is a map a class; and ``joints``. A key is there where
    something is labelled so.

    Attributes:
        lists: Names by key; a label is the position of its name.
    """

    lists: Mapping[str, tuple[str, ...]]

    @staticmethod
    def of(names: Names, fields: Iterable[str] = ()) -> "Vocabularies":
        """Vocabularies as they are given by key, or one list that all `fields` share; joints, where they are alone.

        Args:
            names: Names by key, or the names of all.
            fields: Dotted fields of `Annotation`, which say what one list stands for; by default ``instances``.
        """
        if isinstance(names, Mapping):
            return Vocabularies({key: tuple(map(str, names[key])) for key in KEYS if key in names})
        keys = keys_of(fields)
        return Vocabularies({key: tuple(map(str, names)) for key in KEYS if key in keys}) if names else Vocabularies({})

    @property
    def main(self) -> tuple[str, ...]:
        """The one list, or of several the first: objects before pixels, pixels before lines, lines before joints."""
        return next(iter(self.values()), ())

    def names(self, field: str) -> tuple[str, ...]:
        """The names that a dotted field's labels count; none where nobody told."""
        return self.get(key_of(field) or "", ())

    def plain(self) -> list[str] | dict[str, list[str]]:
        """Plain values that `of` takes: a list where objects alone have classes, else lists by key."""
        return list(self.main) if set(self) <= {"instances"} else {key: list(names) for key, names in self.items()}

    def __getitem__(self, key: str) -> tuple[str, ...]:
        return self.lists[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lists)

    def __len__(self) -> int:
        return len(self.lists)


def keys_of(fields: Iterable[str]) -> set[str]:
    """The keys that one list of names stands for: those of the fields, less joints where anything else has names."""
    keys = {key for field in fields if (key := key_of(field)) is not None}
    return keys - {"joints"} or keys or {"instances"}


def name_of(label: int, names: Sequence[str]) -> str:
    """The class of a label; its number where nobody named it."""
    return names[label] if 0 <= label < len(names) else str(label)


def key_of(field: str) -> str | None:
    """The key of the vocabulary that a dotted field's labels count, or None for fields without labels."""
    root, _, column = field.partition(".")
    if column in ("keypoints", "visible", "keypoint_scores") or root.startswith("pose"):
        return "joints"
    if root in ("instances", "label", "labels", "label_scores"):
        return "instances"
    if root == "semantic" or root.startswith("semantic_"):
        return "semantic"
    return "contours" if root == "contours" else None
