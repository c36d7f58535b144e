"""Names that folders give to the parts of a data set."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from saccade.core.errors import DataError

_ALIASES = {"training": "train", "valid": "val", "validation": "val", "dev": "val", "testing": "test"}
USUAL = frozenset({"train", "val", "test"})


def canonical(name: str) -> str:
    """The usual name of a split: valid and validation are val; an unusual name stays as it is."""
    return _ALIASES.get(name.lower(), name.lower() if name.lower() in USUAL else name)


T = TypeVar("T")


def one_each(root: Path, named: Iterable[tuple[str, T]], what: str) -> dict[str, T]:
    """Parts of a data set by the usual names of their splits.

    Args:
        root: The data's folder, for the error.
        named: What each is called, such as ``validation``, and the part.
        what: What a part is, in a word.

    Raises:
        DataError: Two are of one split, such as ``val`` and ``validation``.
    """
    found: dict[str, tuple[str, T]] = {}
    for name, part in named:
        split = canonical(name)
        said = part.relative_to(root).as_posix() if isinstance(part, Path) and part.is_relative_to(root) else name
        if split in found:
            raise DataError(
                f"one {what} for the split {split!r}",
                f"two, {found[split][0]} and {said}",
                path=root,
                cure="put both into one, or call one of them otherwise or move it out of the data's folder",
            )
        found[split] = (said, part)
    return {split: part for split, (_, part) in found.items()}


def choose(known: Sequence[str], split: str, path: Path) -> str:
    """The split among those known that is asked for. A data set with one split is used whole, whatever its name.

    Raises:
        DataError: There is no such split.
    """
    for name in (split, canonical(split)):
        if name in known:
            return name
    if len(known) == 1 and canonical(split) in USUAL:
        return known[0]
    raise DataError(
        f"a split among {', '.join(known)}",
        repr(split),
        path=path,
        cure=f"ask for {' or '.join(repr(name) for name in known)}",
    )
