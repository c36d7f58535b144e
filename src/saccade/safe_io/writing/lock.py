"""One process at a time in a folder.

The system's record lock says who holds it, because it ends with its process, however that dies, and forked workers do
not inherit it; the file's text says to people which process on which machine it is.
"""

import errno
import json
import os
import socket
from pathlib import Path
from types import TracebackType

from saccade.core.errors import ConfigError
from saccade.safe_io.writing.atomic import alive

_BUSY = frozenset({errno.EACCES, errno.EAGAIN})
# The system forgets a process's locks on a file as soon as that process closes it anywhere: never open it twice.
_HELD: set[Path] = set()


class Lock:
    """A lock file that one process holds at a time; a dead process's file is taken over.

    Args:
        path: The lock file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._handle: int | None = None
        self._owner = 0

    def acquire(self) -> "Lock":
        """Take the lock, or take it over from a process that is dead.

        Raises:
            ConfigError: Another process, or another part of this one, is at work in the folder.
            OSError: The system refused to write the file.
        """
        if self.path in _HELD:
            raise self._busy(f"process {os.getpid()}, which is this one")
        handle = self._open()
        try:
            os.ftruncate(handle, 0)
            holder = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
            os.pwrite(handle, f"{holder}\n".encode(), 0)
        except BaseException:
            os.close(handle)
            raise
        self._handle, self._owner = handle, os.getpid()
        _HELD.add(self.path)
        return self

    def release(self) -> None:
        """Give the lock back and remove its file; nothing happens where it is not held, as in a forked worker."""
        if self._handle is not None and self._owner == os.getpid():
            self.path.unlink(missing_ok=True)
            os.close(self._handle)
            _HELD.discard(self.path)
            self._handle = None

    def _open(self) -> int:
        while True:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._take(handle)
                # The holder before us may have removed the file between our opening and our locking of it.
                if self.path.exists() and os.path.samestat(os.fstat(handle), self.path.stat()):
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def _take(self, handle: int) -> None:
        try:
            import fcntl  # absent on Windows, where folders are read but not trained in
        except ImportError:
            return
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid, host = _holder(os.pread(handle, 4096, 0))
            # Some network drives have no record locks: there the text alone must say who holds it.
            dead = error.errno not in _BUSY and (pid is None or (host == socket.gethostname() and not alive(pid)))
            if not dead:
                raise self._busy(f"process {pid} on {host}") from error

    def _busy(self, holder: str) -> ConfigError:
        return ConfigError(
            "a folder that nobody works in",
            f"{holder} at work",
            path=self.path.parent,
            cure=f"wait for it to end, or give another folder; if it is dead for certain, remove {self.path}",
        )

    def __enter__(self) -> "Lock":
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _holder(text: bytes) -> tuple[int | None, str | None]:
    try:
        found = json.loads(text)
        return int(found["pid"]), str(found["host"])
    except (ValueError, KeyError, TypeError):
        return None, None
