"""Archives of the user's, unpacked into a cache: once for each content, whole or not at all, inside its folder.

Links, devices, names that lead out, names given twice and archives that swell beyond reason are refused; nothing of
such an archive stays. The archive itself is only read.
"""

import hashlib
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from saccade.core.errors import DataError
from saccade.safe_io.files import readable
from saccade.safe_io.limits import MAX_ARCHIVE_BYTES, MAX_ARCHIVE_MEMBERS, MAX_ARCHIVE_RATIO, MIN_ARCHIVE_BYTES
from saccade.safe_io.paths import may_leave, plain_name
from saccade.safe_io.writing.atomic import naming_full_disk, remove, sweep, temporary

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_CHUNK = 2**20
# What a Mac adds to archives: these are no files of the user's.
_ADDED = ("__MACOSX", ".DS_Store")


@dataclass(frozen=True)
class _Member:
    """One file of an archive: its name, and its bytes when they are asked for."""

    name: str
    stream: IO[bytes]


def is_archive(path: Path) -> bool:
    """Whether a path is a file whose name is that of an archive."""
    return path.name.lower().endswith(SUFFIXES) and path.is_file()


def cache_folder() -> Path:
    """Where unpacked archives are kept: ``$SACCADE_CACHE``, or ``saccade`` in the user's folder of caches."""
    own = os.environ.get("SACCADE_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "saccade"


def unpacked(path: Path) -> Path:
    """The folder of an archive's content; where one folder holds all, that folder.

    Args:
        path: A zip, a tar or a packed tar.

    Raises:
        DataError: The archive is broken, or a member is refused; the message names it.
        ResourceError: The disk is full.
    """
    with readable(path):
        status = path.stat()
        place = cache_folder() / "archives" / _digest(path, status.st_size, status.st_mtime_ns)
    if not place.is_dir():
        _unpack(path, place)
    inside = [entry for entry in place.iterdir() if not entry.name.startswith(".")]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else place


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, changed: int) -> str:
    """SHA-256 of a file, asked once as long as its size and time stay."""
    del size, changed
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(path: Path, place: Path) -> None:
    """The members into a folder beside `place`, which takes that name when all are there."""
    with naming_full_disk(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        sweep(place.parent)
        partial = temporary(place)
        partial.mkdir()
        try:
            _write_all(path, partial)
            if hasattr(os, "sync"):
                os.sync()
            if not place.is_dir():  # Another process may have been faster.
                partial.rename(place)
        finally:
            remove(partial)


def _write_all(path: Path, folder: Path) -> None:
    most = min(max(MAX_ARCHIVE_RATIO * path.stat().st_size, MIN_ARCHIVE_BYTES), MAX_ARCHIVE_BYTES)
    count, left = 0, most
    with _broken_archives_named(path):
        for member in _members(path):
            count += 1
            if count > MAX_ARCHIVE_MEMBERS:
                raise _refused(path, member.name, f"at most {MAX_ARCHIVE_MEMBERS} members", "more")
            left = _write(path, member, folder, left)
            if left < 0:
                raise _refused(path, member.name, f"at most {most} bytes once unpacked", "more")


def _write(path: Path, member: _Member, folder: Path, left: int) -> int:
    """One member's file; how many bytes may still come, below 0 where they were too many."""
    target = folder / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as file:
            while left >= 0 and (data := member.stream.read(_CHUNK)):
                left -= len(data)
                if left >= 0:
                    file.write(data)
    except FileExistsError as error:
        raise _refused(path, member.name, "each name once", "it twice") from error
    return left


def _members(path: Path) -> Iterator[_Member]:
    members = _zip_members(path) if path.suffix.lower() == ".zip" else _tar_members(path)
    for member in members:
        parts = Path(member.name).parts
        if not any(part in _ADDED or part.startswith("._") for part in parts):
            yield member


def _zip_members(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            _check_name(path, info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refused(path, info.filename, "a file", "a link or a device")
            if info.flag_bits & 1:
                raise _refused(path, info.filename, "an open file", "an encrypted one")
            if not info.is_dir():
                with archive.open(info) as stream:
                    yield _Member(info.filename, stream)


def _tar_members(path: Path) -> Iterator[_Member]:
    with tarfile.open(path, "r:*") as archive:
        for info in archive:
            _check_name(path, info.name)
            if info.isdir():
                continue
            stream = archive.extractfile(info) if info.isreg() else None
            if stream is None:
                raise _refused(path, info.name, "a file", "a link or a device")
            yield _Member(info.name, stream)


def _check_name(path: Path, name: str) -> None:
    try:
        with may_leave(False):  # What annotations may do, archives may not.
            plain_name(name)
    except DataError as error:
        raise _refused(path, name, error.expected, error.found) from error


def _refused(path: Path, name: str, expected: str, found: str) -> DataError:
    cure = "nothing of the archive was kept: unpack it yourself if you trust its maker"
    return DataError(expected, found, path=path, within=f"member {name[:200]!r}", cure=cure)


@contextmanager
def _broken_archives_named(path: Path) -> Generator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError) as error:
        cure = "it may be cut short: download it again"
        raise DataError("a whole archive", error, path=path, cure=cure) from error
    except (NotADirectoryError, FileExistsError) as error:
        cure = "a name stands for a file and a folder"
        raise DataError("files and folders of their own names", error.strerror, path=path, cure=cure) from error
