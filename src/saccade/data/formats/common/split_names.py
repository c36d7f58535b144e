"""Names that folders give to the parts of a data set."""

from collections.abc import Sequence
from pathlib import Path

from saccade.core.errors import DataError

_ALIASES = {"training": "train", "valid": "val", "validation": "val", "dev": "val", "testing": "test"}
USUAL = frozenset({"train", "val", "test"})


def canonical(name: str) -> str:
    """The usual name of a split: valid and validation are val; an unusual name stays as it is."""
    return _ALIASES.get(name.lower(), name.lower() if name.lower() in USUAL else name)


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
