"""Class names of a network and of data must be the same, in the same order: labels are positions in that list."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from saccade.core.errors import ConfigError
from saccade.core.vocabulary import Vocabularies

SHOWN = 12


def check_classes_agree(
    expected: Sequence[str], found: Sequence[str], of: str = "the data", path: str | Path | None = None
) -> None:
    """Refuse a list of classes that differs in names or order; nothing is relabelled.

    Args:
        expected: The network's class names.
        found: The other's.
        of: What the other is.
        path: Where the other is.

    Raises:
        ConfigError: The lists differ; the message is a diff.
    """
    if tuple(expected) == tuple(found):
        return
    if sorted(expected) == sorted(found):
        how, cure = "in another order", "order the classes of the data as the network has them"
    else:
        how, cure = "with other names", "rename the classes of the data, or train on it anew"
    lines = _moved(expected, found) if len(expected) == len(found) else _gone(expected, found)
    listed = "\n    ".join([*lines[:SHOWN], *([f"… {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])])
    said = f"{len(found)} of {of}, {how}:\n    {listed}"
    raise ConfigError(f"the network's {len(expected)} classes", said, path=path, cure=cure)


def check_same_vocabularies(
    expected: Vocabularies, found: Vocabularies, of: str = "the data", path: str | Path | None = None
) -> None:
    """Refuse lists of classes that differ, for each vocabulary that both have.

    Args:
        expected: The network's.
        found: The other's.
        of: What the other is.
        path: Where the other is.

    Raises:
        ConfigError: Two lists differ.
    """
    for key in (key for key in expected if key in found):
        check_classes_agree(expected[key], found[key], of, path)


def _moved(expected: Sequence[str], found: Sequence[str]) -> list[str]:
    pairs = enumerate(zip(expected, found, strict=True))
    return [f"class {place}: {ours!r} expected, {theirs!r} found" for place, (ours, theirs) in pairs if ours != theirs]


def _gone(expected: Sequence[str], found: Sequence[str]) -> list[str]:
    lines = difflib.ndiff([str(name) for name in expected], [str(name) for name in found])
    marks = {"- ": "- {} is missing", "+ ": "+ {} is unknown"}
    return [marks[line[:2]].format(repr(line[2:])) for line in lines if line[:2] in marks]
