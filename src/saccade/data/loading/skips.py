"""Pictures that could not be read and were left out."""

from collections.abc import Callable, Iterable

from saccade.core.errors import DataError, SaccadeError

# Beyond this share something is wrong with the data as a whole.
GREATEST_SHARE = 0.01
MEND = "mend or remove the pictures that skipped.jsonl lists"


def most_skipped(count: int) -> int:
    """How many of so many pictures may be left out: a hundredth, or one."""
    return max(1, int(count * GREATEST_SHARE))


class Skips:
    """Counts what is left out, and ends the run when that is too much.

    Args:
        count: Pictures of the data set.
        on_skip: Told of each picture once: its name and what is wrong.
        before: Pictures that were left out before, and are none of `count`.
    """

    def __init__(self, count: int, on_skip: Callable[[str, SaccadeError], None] | None = None, before: int = 0) -> None:
        self.errors: dict[str, SaccadeError] = {}
        self._count, self._before = count + before, before
        self._most = most_skipped(self._count)
        self._on_skip = on_skip

    def add(self, bad: Iterable[tuple[str, SaccadeError]]) -> None:
        """Pictures by name, and what is wrong with each.

        Raises:
            DataError: More than a hundredth of the pictures cannot be read.
        """
        for name, error in bad:
            if name in self.errors:
                continue
            self.errors[name] = error
            if self._on_skip is not None:
                self._on_skip(name, error)
            found = len(self.errors) + self._before
            if found > self._most:
                raise DataError(
                    f"at most {self._most} of {self._count} pictures to skip",
                    f"{found} that cannot be read; the last: {error.what}",
                    path=error.path,
                    cure=f"{error.cure}; else {MEND}" if error.cure else MEND,
                ) from error
