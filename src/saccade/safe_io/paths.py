"""Names of files that a document gives: they stay inside the folder that the user named."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path, PurePosixPath, PureWindowsPath

from saccade.core.errors import DataError

_LEAVING: ContextVar[bool] = ContextVar("leaving", default=False)


@contextmanager
def may_leave(allowed: bool) -> Generator[None]:
    """Inside the block, names may lead out of the data's folder if the user has allowed it."""
    before = _LEAVING.set(allowed)
    try:
        yield
    finally:
        _LEAVING.reset(before)


def leaving_allowed() -> bool:
    """Whether names may lead out of the data's folder just now."""
    return _LEAVING.get()


def name_in(root: Path, path: Path) -> str:
    """How a file is called inside `root`: relative to it, or by its whole path where it lies outside."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def inside(root: str | Path, name: str) -> Path:
    """The path of the file that a document calls `name`, inside `root`.

    Raises:
        DataError: The name is empty or absolute, climbs out by ``..``, or a link leads out of `root`.
    """
    path = Path(root) / plain_name(name)
    if _LEAVING.get():
        return path
    try:
        leaves = not path.resolve().is_relative_to(Path(root).resolve())
    except (OSError, RuntimeError) as error:  # A circle of links.
        raise DataError("a path", f"{name!r}: {error}", path=path) from error
    if leaves:
        raise _outside(name, f"a link to {path.resolve()}", root)
    return path


def plain_name(name: str) -> str:
    """`name` itself, where it is relative and does not climb; the links on its way are not looked at.

    Raises:
        DataError: It is empty; or it is absolute or climbs by ``..``, and names may not leave.
    """
    windows = PureWindowsPath(name)
    if not name or "\0" in name:
        raise _outside(name, "no name", None)
    if _LEAVING.get():
        return name
    if PurePosixPath(name).is_absolute() or windows.is_absolute() or windows.drive or windows.root:
        raise _outside(name, "an absolute path", None)
    if ".." in windows.parts:
        raise _outside(name, "a path that climbs out", None)
    return name


def _outside(name: str, found: str, root: str | Path | None) -> DataError:
    return DataError(
        "a file inside the data's folder",
        f"{found}: {name!r}",
        path=root,
        cure="copy the file into the data's folder and name it relative to that, or allow it by --allow-outside",
    )
