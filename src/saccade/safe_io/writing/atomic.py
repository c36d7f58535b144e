"""Files and folders that are whole or as they were: written beside their place, flushed to the disk, then renamed.

A reader never sees half a file, and neither a kill nor a full disk costs what was there before.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from saccade.core.errors import ResourceError, UsageError

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
OLD = ".old"
_PREFIX = ".tmp-"
# Process numbers come round again (in a container the first is always 1): this one tells our leftovers from another's.
_SESSION = secrets.token_hex(4)


@contextmanager
def replacing(path: str | Path, need: int | None = None) -> Generator[Path]:
    """A temporary file beside `path`, which takes its place when the block ends well and vanishes when it fails.

    Args:
        path: Where the file shall be; folders above it are made.
        need: Bytes that will be written, where known: too little space is then said before anything is written.

    Yields:
        The temporary path, in the same folder, to write to; nothing is there yet.

    Raises:
        ResourceError: The disk is full, or a quota or limit of file size is reached; the old file stays.
        UsageError: `path` is there and no file, such as a folder or a device.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or pipe"
        raise UsageError("a place for a file", kind, path=path, cure="give another path")
    with _beside(path, need) as partial:
        yield partial
        sync(partial)
        partial.replace(path)
        sync(path.parent)


@contextmanager
def replacing_folder(path: str | Path, need: int | None = None) -> Generator[Path]:
    """A temporary folder beside `path`, which takes its place when the block ends well and vanishes when it fails.

    A folder that is there steps aside under its name with ``.old`` until the new one is in place, as no system call
    that Python offers swaps two folders: a kill at any moment leaves one of them whole.

    Args:
        path: Where the folder shall be; folders above it are made.
        need: Bytes that will be written, where known: too little space is then said before anything is written.

    Yields:
        The temporary folder, in the same place and empty; the files that the block leaves in it are flushed.

    Raises:
        ResourceError: The disk is full, or a quota or limit of file size is reached; the old folder stays.
    """
    path = Path(path)
    aside = path.with_name(path.name + OLD)
    with _beside(path, need) as partial:
        partial.mkdir()
        yield partial
        for file in partial.iterdir():
            sync(file)
        sync(partial)
        if path.exists():
            remove(aside)
            path.rename(aside)
        partial.rename(path)
        sync(path.parent)
        remove(aside)


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


def sync(path: Path) -> None:
    """Flushes a file's bytes, or the names inside a folder, to the disk, so that they survive a loss of power."""
    if path.is_dir() and os.name != "posix":  # Windows opens no folders, and needs no flush of them.
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def temporary(path: Path) -> Path:
    """A name beside `path` that nobody has, and by which `sweep` knows a leftover."""
    return path.with_name(f"{_PREFIX}{os.getpid()}-{_SESSION}-{secrets.token_hex(4)}-{path.name[:100]}")


def sweep(folder: Path) -> None:
    """Removes what killed processes left half written in a folder; what a living one writes stays."""
    for path in folder.glob(f"{_PREFIX}*-*-*"):
        owner, session = path.name.removeprefix(_PREFIX).split("-")[:2]
        mine = owner == str(os.getpid())
        if owner.isdecimal() and (session != _SESSION if mine else not alive(int(owner))):
            remove(path)


def alive(process: int) -> bool:
    """Whether a process with this number runs on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def remove(path: Path) -> None:
    """Removes a file, a link or a whole folder; nothing happens where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def naming_full_disk(path: Path, need: int | None = None) -> Generator[None]:
    """Inside the block, a full disk is said with the path, the bytes that are needed and the bytes that are free.

    Raises:
        ResourceError: The disk is full, or a quota or limit of file size is reached.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise _disk_full(path, error, need) from error


@contextmanager
def _beside(path: Path, need: int | None) -> Generator[Path]:
    """A temporary name in the same folder as `path`, gone at the end, with full disks said before and during."""
    with naming_full_disk(path, need):
        path.parent.mkdir(parents=True, exist_ok=True)
        usage = shutil.disk_usage(path.parent)
        if need is not None and usage.free < need and usage.total > 0:  # Some network drives give 0 for all.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        partial = temporary(path)
        try:
            yield partial
        finally:
            remove(partial)


def _disk_full(path: Path, error: OSError, need: int | None) -> ResourceError:
    free = shutil.disk_usage(next(parent for parent in path.absolute().parents if parent.exists())).free
    wanted = "room for more bytes" if need is None else f"room for {need:,} bytes"
    return ResourceError(
        wanted,
        f"{free:,} bytes free ({error.strerror}); what was there before is unharmed",
        path=path,
        cure="free some space, raise the quota or file size limit, or write to another disk",
    )
