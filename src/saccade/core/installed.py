"""What installed packages offer: their entry points."""

import sys
from functools import cache
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points as read


def entry_points(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group, read once for each list of places where Python looks for packages.

    To read them opens a file of every package, and every build and every data set asks. What is installed in one of
    these places while the process runs is seen by the next process.
    """
    return _entry_points(group, tuple(sys.path))


@cache
def _entry_points(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    return tuple(read(group=group))
