"""Checkpoints of a run: their order, the links ``last`` and ``best``, and which of them stay."""

import errno
import re
from pathlib import Path
from typing import Literal

from saccade.core.errors import DataError
from saccade.safe_io.files import readable
from saccade.safe_io.paths import plain_name
from saccade.safe_io.writing.atomic import OLD, naming_full_disk, remove, sweep, sync, temporary
from saccade.safe_io.writing.manifest import MANIFEST, read_manifest

LINKS = ("last", "best")
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def point(folder: Path, link: Literal["last", "best"], name: str) -> None:
    """Makes ``last`` or ``best`` lead to the checkpoint `name` of the same folder, in one step.

    Raises:
        ValueError: There is no such checkpoint.
        ResourceError: The disk is full; the link stays as it was.
    """
    if not (folder / name / MANIFEST).is_file():
        raise ValueError(f"expected a checkpoint in {folder}, found none called {name!r}")
    partial = temporary(folder / link)
    with naming_full_disk(folder / link):
        try:
            _link(partial, name)
            partial.replace(folder / link)
        finally:
            partial.unlink(missing_ok=True)
        sync(folder)


def prune(folder: Path, keep: int) -> None:
    """Removes all checkpoints but the newest few and those that ``last`` and ``best`` lead to, and leftovers of kills.

    Args:
        folder: The folder of checkpoints; this process alone writes in it.
        keep: How many of the newest stay, at least 1. Damaged ones do not count and are left alone.
    """
    if keep < 1:
        raise ValueError(f"expected at least 1 checkpoint to keep, found {keep}")
    sweep(folder)
    for aside in folder.glob(f"*{OLD}"):
        place = aside.with_name(aside.name.removesuffix(OLD))
        if place.exists():
            remove(aside)
        else:  # A kill came between the two renames of a checkpoint that was saved again.
            aside.rename(place)
    led = {follow(folder / link).name for link in LINKS}
    whole = [path for step, path in by_step(folder) if step is not None]
    for path in whole[keep:]:
        if path.name not in led:
            # Renamed first: a kill while its files go must not leave half a checkpoint under its name.
            remove(path.rename(temporary(path)))


def follow(path: Path) -> Path:
    """The checkpoint that a link leads to, so that a later swing of the link changes nothing; else `path` itself.

    Raises:
        DataError: A file in the place of a link names no neighbour.
    """
    if path.is_symlink():
        return path.parent / path.readlink()
    if path.is_file():
        with readable(path), path.open(encoding="utf-8", errors="replace") as file:
            return path.parent / plain_name(file.read(256))
    return path


def _link(path: Path, name: str) -> None:
    try:
        path.symlink_to(name, target_is_directory=True)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        path.write_text(name, encoding="utf-8")  # FAT and some network drives have no links: a file says the name.


def by_step(folder: Path) -> list[tuple[int | None, Path]]:
    """Checkpoints from the greatest step down, with their steps; None where the manifest is damaged."""
    found: list[tuple[int, int | None, Path]] = []
    paths = folder.iterdir() if folder.is_dir() else ()
    for path in paths:
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            step = _step(path)
            numbers = re.findall(r"\d+", path.name)
            prediction = int(numbers[-1]) if numbers else -1
            found.append((prediction if step is None else step, step, path))
    # Of two of one step, the one that stepped aside for the other comes second.
    found.sort(key=lambda item: (item[0], not item[2].name.endswith(OLD), item[2].name), reverse=True)
    return [(step, path) for _, step, path in found]


def _step(path: Path) -> int | None:
    try:
        step = read_manifest(path)["facts"].get("step", 0)
    except DataError:
        return None
    return int(step) if isinstance(step, int | float) else 0
