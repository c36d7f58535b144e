"""Files that are whole or as they were: written beside their place, flushed to the disk, then renamed.

A reader never sees half a file, and neither a kill nor a full disk costs the file that was there before.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from saccade.core.errors import ResourceError, UsageError

SUFFIX = ".partial"
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def replacing(path: str | Path, need: int | None = None) -> Generator[Path]:
    """A temporary file beside `path`, which takes its place when the block ends well and vanishes when it fails.

    Args:
        path: Where the file shall be; folders above it are made.
        need: Bytes that will be written, where known, for the message about a full disk.

    Yields:
        The temporary path, in the same folder, to write to; nothing is there yet.

    Raises:
        ResourceError: The disk is full, or a quota or limit of file size is reached; the old file stays.
        UsageError: `path` is there and no file, such as a folder or a device.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or pipe"
        raise UsageError(f"a place for a file is expected, found {kind}", path=path, hint="give another path")
    partial = path.with_name(f".{path.name[:100]}.{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        _sync(partial, os.O_RDWR)
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        partial.unlink(missing_ok=True)  # before the free space is measured
        raise disk_full(path, error, need) from error
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: str | Path, data: bytes) -> None:
    """The file `path` with these bytes, whole or not at all.

    Raises:
        ResourceError: The disk is full; the old file stays.
    """
    with replacing(path, need=len(data)) as partial:
        partial.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """The file `path` with this text in UTF-8, whole or not at all; line ends stay as they are.

    Raises:
        ResourceError: The disk is full; the old file stays.
    """
    write_bytes(path, text.encode("utf-8"))


def sync_folder(folder: Path) -> None:
    """Flushes the names inside a folder to the disk, so that a rename survives a loss of power."""
    if os.name == "posix":  # Windows opens no folders, and needs no flush of them.
        _sync(folder, os.O_RDONLY)


def disk_full(path: Path, error: OSError, need: int | None = None) -> ResourceError:
    """The error that says where space ran out, how much was needed and how much there is."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    wanted = "more bytes" if need is None else f"{need:,} bytes"
    return ResourceError(
        f"{wanted} are needed, found {free:,} bytes free ({error.strerror}); what was there before is unharmed",
        path=path,
        hint="free some space, raise the quota or file size limit, or write to another disk",
    )


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
