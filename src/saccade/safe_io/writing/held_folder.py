"""A folder of results that one process works in at a time, and that goes on where it was left."""

from pathlib import Path
from types import TracebackType
from typing import Self

from saccade.core.errors import ConfigError
from saccade.safe_io.writing.atomic import sweep
from saccade.safe_io.writing.lock import Lock


class HeldFolder:
    """A folder that is made, locked, and refused where it holds other things; a context, in which it is held.

    Args:
        path: The folder.
        mark: The file in it that says that it is of the kind wanted.
        goes_on: Whether what was begun there may go on; an empty folder is then as good.
        what: What the folder is of, such as ``comparison``.
        cure: What to do where it is taken.
    """

    def __init__(self, path: Path, mark: Path, *, goes_on: bool, what: str, cure: str) -> None:
        self.path, self._mark, self._goes_on = path, mark, goes_on
        self._what, self._cure = what, cure
        self._lock = Lock(path / ".lock")

    def __enter__(self) -> Self:
        """Make and lock the folder, and remove what a killed process left half written.

        Raises:
            ConfigError: It cannot be written, holds other things, or another process is in it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            taken = any(one.name != ".lock" for one in self.path.iterdir())
            if taken and not (self._goes_on and self._mark.is_file()):
                found = f"that of another {self._what}" if self._mark.is_file() else "one that holds other things"
                raise ConfigError("an empty folder", found, path=self.path, cure=self._cure)
            self._lock.acquire()
        except OSError as error:
            found = error.strerror or type(error).__name__
            raise ConfigError(
                "a folder that can be written", found, path=self.path, cure="give another --out"
            ) from error
        sweep(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
