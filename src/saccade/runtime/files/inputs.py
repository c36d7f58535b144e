"""What a user names to be predicted: files, folders and globs become a list of files, each with a name of its own."""

import glob
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from saccade.core.errors import DataError
from saccade.data.formats.common.below import below
from saccade.data.left_out import left_out_below
from saccade.safe_io.images.pictures import only_pictures
from saccade.safe_io.images.videos import SUFFIXES as VIDEOS

# Characters of a name that is made from a file's: of four bytes each, it still fits into the 255 that are allowed.
LONGEST = 50


class Task(NamedTuple):
    """A file to be predicted.

    Attributes:
        place: Its position among all.
        file: Where it is.
        name: What its drawing is called, without a suffix.
        called: What entries and errors call it.
    """

    place: int
    file: Path
    name: str
    called: str


def find_pictures(inputs: Iterable[str | Path], out: Path, videos: bool = False, some: bool = True) -> list[Path]:
    """Files in the order of the inputs, those of a folder (and all below it) by name, each once.

    Args:
        inputs: Files of any name, folders whose pictures are meant, and globs such as ``shots/**/*.jpg``.
        out: Folder of predictions, whose own pictures are none of the user's.
        videos: Whether the videos of a folder are meant too.
        some: Whether every input must name something.

    Raises:
        DataError: An input names nothing, or is empty.
    """
    found: dict[Path, None] = {}
    ours = out.resolve()
    for one in inputs:
        if one == "":  # an unset variable of a shell, which a path takes for this folder and all below it
            raise DataError("a picture, a folder of pictures or a glob", "an empty name")
        files = [path for path in _files(Path(one), videos) if not path.resolve().is_relative_to(ours)]
        if some and not files:
            raise DataError("a picture, a folder of pictures or a glob", "none", path=one)
        found.update(dict.fromkeys(files))
    return list(found)


def passed_over(inputs: Iterable[str | Path], out: Path) -> list[str]:
    """What lies in the folders among the inputs and is not predicted although it may be a picture, a line a kind.

    Args:
        inputs: As for `find_pictures`.
        out: Folder of predictions.
    """
    folders = [folder for one in inputs for folder in _folders(Path(one))]
    return [one.said for folder in folders for one in left_out_below(folder) if out not in one.files]


def _folders(path: Path) -> list[Path]:
    if path.is_dir():
        return [path]
    matches = [] if path.exists() else glob.glob(str(path), recursive=True)  # noqa: PTH207 (as below)
    return [Path(match) for match in sorted(matches) if Path(match).is_dir()]


def _files(path: Path, videos: bool) -> list[Path]:
    if path.is_dir():
        return _inside(path, videos)
    if path.exists():
        return [path]
    matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207 (Path takes no absolute patterns)
    return [file for match in matches for file in (_inside(match, videos) if match.is_dir() else [match])]


def _inside(folder: Path, videos: bool) -> list[Path]:
    files = [path for path in below(folder) if path.is_file()]
    return sorted(only_pictures(files) + [path for path in files if videos and path.suffix.lower() in VIDEOS])


def readable_name(file: Path) -> str:
    """The file's path as text that every encoding can say; bytes that are no UTF-8 stand there in hexadecimal."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def unique_names(files: Sequence[Path]) -> list[str]:
    """A name without suffix for each file: its own, and where others share it, a mark made from its path."""
    stems = [_writable(readable_name(Path(file.stem)))[:LONGEST] for file in files]
    stems = [stem if stem.strip(".") else "_" * len(stem) for stem in stems]  # "...png" would lead out of a folder
    shared = Counter(stem.casefold() for stem in stems)  # some file systems take A.png and a.png for one
    return [
        stem if shared[stem.casefold()] == 1 else f"{stem}-{_mark(file)}"
        for stem, file in zip(stems, files, strict=True)
    ]


def tasks_of(
    files: Sequence[Path], among: Sequence[Path] = (), called: Callable[[Path], str] = readable_name
) -> list[Task]:
    """Files to be predicted, by position; their names differ `among` all that lie in the same folder of predictions."""
    names = dict(zip(among or files, unique_names(among or files), strict=True))
    return [Task(place, file, names[file], called(file)) for place, file in enumerate(files)]


def _writable(name: str) -> str:
    """The name without what this file system's encoding lacks (in the C locale all but ASCII)."""
    encoding = sys.getfilesystemencoding()
    return name.encode(encoding, "replace").decode(encoding).replace("?", "_").replace("\\", "_")


def _mark(file: Path) -> str:
    return hashlib.sha256(os.fsencode(file)).hexdigest()[:8]
