"""Where a reader takes the defects it finds: the first is raised, or all are told to somebody who lists them."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from saccade.core.errors import DataError

Report = Callable[[DataError], None]


def strict(error: DataError) -> None:
    """Report a defect by raising it.

    Raises:
        DataError: Always.
    """
    raise error


@contextmanager
def telling(report: Report) -> Generator[None]:
    """A defect found inside the block ends the block and goes to `report`, which may raise it."""
    try:
        yield
    except DataError as error:
        report(error)
