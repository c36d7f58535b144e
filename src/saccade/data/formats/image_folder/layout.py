"""Which folders are splits and which are classes; a folder that can be read in two ways is refused with both."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.below import is_hidden, is_ours
from saccade.data.formats.common.split_names import USUAL, canonical, one_each
from saccade.safe_io.images.pictures import SUFFIXES
from saccade.safe_io.images.unread import kind_of_unread

# Folders of other formats.
_NO_CLASSES = frozenset(
    (
        *("annotations", "annotation", "jpegimages", "images", "image", "imgs", "img", "imagesets", "labels", "masks"),
        *("mask", "segmentationclass", "segmentationobject", "vocdevkit", "xmls"),
    )
)
_SHOWN = 6


class AmbiguousLayoutError(DataError):
    """Folders of pictures can be read in two ways."""


@dataclass(frozen=True)
class Layout:
    """Where the classes' folders lie.

    Attributes:
        splits: The folder of classes' folders of each split.
        named: Whether the splits are folders; else the data's own folder is the one split.
    """

    splits: dict[str, Path]
    named: bool

    def classes_in(self, split: str) -> list[Path]:
        """The classes' folders of a split."""
        return class_folders(self.splits[split])


def find(root: Path) -> Layout | None:
    """How a folder of pictures is laid out; None where it is none.

    Raises:
        DataError: It can be read in two ways; the cure names what to type for either.
    """
    folders = [folder for folder in class_folders(root) if has_picture(folder)]
    named = [folder for folder in folders if canonical(folder.name) in USUAL]
    nested = [folder for folder in named if any(map(has_picture, class_folders(folder)))]
    if nested:
        others = [folder for folder in folders if folder not in nested and not is_like_split(folder.name)]
        if len(nested) == 1 and others:
            raise _split_or_class(root, nested[0], [*others, *nested])
        flat = [folder for folder in named if folder not in nested and canonical(folder.name) == "train"]
        if flat:
            raise _flat_splits(root, flat, folders)
        return Layout(one_each(root, ((folder.name, folder) for folder in nested), "folder"), named=True)
    if not folders or _are_no_classes(folders):
        return None  # Part of another format, which would be read as pictures of a class called Annotations.
    if len(folders) == 1 and not _has_own_picture(folders[0]) and _are_no_classes(class_folders(folders[0])):
        return None  # The same, one level deeper.
    _check_classes(root, folders)
    return Layout({"train": root}, named=False)


def _are_no_classes(folders: Sequence[Path]) -> bool:
    return all(folder.name.lower() in _NO_CLASSES for folder in folders)


def class_folders(folder: Path) -> list[Path]:
    """The folders in a folder that may be classes: those with a picture below, and empty ones, by name."""
    entries = [entry for entry in folder.iterdir() if not is_hidden(entry.name) and entry.is_dir()]
    return sorted(entry for entry in entries if not is_ours(entry) and (has_picture(entry) or _is_empty(entry)))


def has_picture(folder: Path) -> bool:
    """Whether a picture lies anywhere under a folder, be it read or not; stops at the first."""
    inner: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                inner.append(folder / entry.name)
            elif _is_like_picture(folder / entry.name):
                return True
    return any(has_picture(one) for one in inner if not is_ours(one))


def is_like_split(name: str) -> bool:
    """Whether a word of a folder's name is that of a split, as in ``test1``, ``seg_train`` and ``train2017``."""
    return any(canonical(word) in USUAL for word in re.split(r"[^A-Za-z]+", name))


def _is_like_picture(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES or kind_of_unread(file, look_inside=False) is not None


def _is_empty(folder: Path) -> bool:
    return all(is_hidden(entry.name) for entry in folder.iterdir())


def _check_classes(root: Path, folders: Sequence[Path]) -> None:
    """Refuse classes that may be no classes: called as splits, made of splits, or one that holds the true ones.

    Raises:
        DataError: There is another reading.
    """
    named = [folder for folder in folders if canonical(folder.name) in USUAL]
    alike = [folder for folder in folders if is_like_split(folder.name)]
    doubled = [folder for folder in folders if (folder / folder.name).is_dir()]
    if named or doubled or len(alike) == len(folders) or len(_splits_of(alike)) > 1:
        raise _flat_splits(root, named or alike or doubled, folders)
    within = [(folder, one) for folder in folders for one in _split_folders(folder)]
    if within:
        folder, one = within[0]
        uris = " or ".join(f"folder:{each}" for each in list(dict.fromkeys(each for each, _ in within))[:_SHOWN])
        found = f"{folder.name}/{one.name}, which looks like a split inside a class"
        raise _ambiguous(root, found, f"if {one.name} is a split, say {uris}", folders)
    if len(folders) == 1 and not _has_own_picture(folders[0]):
        inner = class_folders(folders[0])
        found = f"one folder, {folders[0].name}, with {_some(inner)} in it"
        raise _ambiguous(root, found, f"if {_some(inner)} are the classes, say folder:{folders[0]}", folders)


def _splits_of(folders: Sequence[Path]) -> set[str]:
    """The splits whose names are words of folders' names."""
    words = {canonical(word) for folder in folders for word in re.split(r"[^A-Za-z]+", folder.name)}
    return words & USUAL


def _wrapped(folders: Sequence[Path]) -> list[Path]:
    """The folders in some folders, or these themselves, that hold several classes' folders."""
    inner = [one for folder in folders for one in class_folders(folder)]
    return [one for one in (*inner, *folders) if len(class_folders(one)) > 1]


def _flat_splits(root: Path, named: Sequence[Path], folders: Sequence[Path]) -> AmbiguousLayoutError:
    """The error about folders that are called as splits and would be classes."""
    deeper = " or ".join(f"folder:{one}" for one in _wrapped(named)[:_SHOWN])
    first = named[0].name
    cure = (
        f"if the classes are folders in it, say {deeper}"
        if deeper
        else (
            f"if {first} is a split, move each of its pictures to {first}/CLASS, or write {first}.csv with the columns "
            "file,label"
        )
    )
    told = "a split or a class" if len(named) == 1 else "splits or classes"
    return _ambiguous(root, f"{_some(named)}, which may be {told}", cure, folders)


def _split_or_class(root: Path, split: Path, folders: Sequence[Path]) -> AmbiguousLayoutError:
    """The error about one folder that may be a split, beside others that cannot."""
    others = [folder for folder in folders if folder != split]
    found = f"{split.name} beside {_some(others)}, which may be a split or a class"
    cure = f"if {split.name} is a split of the classes {_some(class_folders(split))}, say folder:{split}"
    return _ambiguous(root, found, cure, folders)


def _ambiguous(root: Path, found: str, cure: str, folders: Sequence[Path]) -> AmbiguousLayoutError:
    """The error with both readings: that which `cure` tells, and all folders as classes."""
    second = f"if {_some(sorted(folders))} {'is the class' if len(folders) == 1 else 'are the classes'}"
    expected = "folders that can be read in one way"
    return AmbiguousLayoutError(expected, found, path=root, cure=f"{cure}; {second}, say classes:{root}")


def _split_folders(folder: Path) -> Iterator[Path]:
    return (one for one in class_folders(folder) if canonical(one.name) in USUAL and has_picture(one))


def _has_own_picture(folder: Path) -> bool:
    return any(entry.is_file() and _is_like_picture(entry) for entry in folder.iterdir())


def _some(folders: Sequence[Path]) -> str:
    names = [folder.name for folder in folders[:_SHOWN]]
    more = f" and {len(folders) - _SHOWN} more" if len(folders) > _SHOWN else ""
    return ", ".join(names) + more
