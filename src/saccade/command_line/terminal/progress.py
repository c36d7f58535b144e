"""A bar for what takes long."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def progress(what: str) -> Generator[Callable[[float, int], None]]:
    """A bar on a terminal; elsewhere silence until the end.

    Yields:
        A function that takes how many are done, and of how many.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
