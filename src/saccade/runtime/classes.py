"""Class names of a network and of data must be the same, in the same order: labels are positions in that list."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from saccade.core.errors import ConfigError


def check_same_classes(
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
    lines = difflib.ndiff([str(name) for name in expected], [str(name) for name in found])
    changes = "\n    ".join(line for line in lines if not line.startswith("?"))
    if sorted(expected) == sorted(found):
        what, hint = "in another order", "order the classes of the data as the network has them"
    else:
        what, hint = "with other names", "rename the classes of the data, or train on it anew"
    raise ConfigError(
        f"the network's {len(expected)} classes are expected, found {len(found)} of {of}, {what} "
        f"(- network, + found):\n    {changes}",
        path=path,
        hint=hint,
    )
