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


def choose(known: Sequence[str], split: str | None, path: Path, preferred: str = "train") -> str:
    """The split among those known that is asked for.

    Args:
        known: The splits that there are.
        split: What is asked for; None: `preferred`, or the one that there is, whatever its name.
        path: The data's folder, for the error.
        preferred: See `split`.

    Raises:
        DataError: There is no such split. None is ever taken in another's place.
    """
    if split is None and len(known) == 1:
        return known[0]
    asked = preferred if split is None else split
    for name in (asked, canonical(asked)):
        if name in known:
            return name
    unasked = "" if split is not None else ", which is taken where none is named"
    raise DataError(
        f"a split among {', '.join(known)}",
        repr(asked) + _unlabelled(path, asked) + unasked,
        path=path,
        cure=f"ask for {' or '.join(repr(name) for name in known)}{_flag(known, split)}",
    )


def _flag(known: Sequence[str], split: str | None) -> str:
    """The flag by which a part is asked for where nobody named one: one that is held out, if any is."""
    held = [name for name in known if canonical(name) != "train"] or list(known)
    return "" if split is not None or not held else f" (--split {held[0]}, where the command takes it)"


def _unlabelled(path: Path, split: str) -> str:
    """What is to be said of a folder that is called as a split that cannot be read."""
    folders = [entry for entry in path.iterdir() if entry.is_dir()] if path.is_dir() else []
    there = [entry.name for entry in sorted(folders) if canonical(entry.name) == canonical(split)]
    return f": the folder {there[0]} is there, and no annotations of its pictures" if there else ""
