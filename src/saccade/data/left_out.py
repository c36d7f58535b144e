"""Pictures near a data set that it leaves out: counted and named, so that none is lost in silence."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from saccade.core.dataset import Dataset
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.wrapper import DatasetWrapper
from saccade.data.formats.common.below import Why, below
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.split_names import USUAL, canonical
from saccade.data.formats.image_folder.layout import has_picture
from saccade.data.formats.image_folder.reader import ImageFolder
from saccade.data.look_alikes import other_tables
from saccade.safe_io.images.pictures import SUFFIXES
from saccade.safe_io.images.unread import kind_of_unread

Kind = Literal["unread", "link", "loose", "unlabelled", "hidden", "ours"]

_SNIFFED = 1000  # files whose names tell nothing and whose first bytes are looked at
_SHOWN = 6


@dataclass(frozen=True)
class LeftOut:
    """Files of one kind that are left out.

    Attributes:
        kind: ``unread`` (a format that is not read), ``link`` (a folder behind a link), ``loose`` (outside the classes'
            folders), ``unlabelled`` (a split without classes' folders), ``hidden`` or ``ours`` (what this package
            wrote). The first three are defects: a person meant them to be read.
        root: The data's folder.
        files: The files, or the folders of ``link`` and ``ours``.
        form: What an unread file is, such as ``HEIC``.
    """

    kind: Kind
    root: Path
    files: tuple[Path, ...]
    form: str = ""

    @property
    def is_defect(self) -> bool:
        """Whether a person surely meant these to be read."""
        return self.kind in ("unread", "link", "loose")

    @property
    def expected(self) -> str:
        """What should be there."""
        return {
            "unread": "pictures in formats that are read",
            "link": "folders of pictures themselves",
            "loose": "a picture in the folder of its class",
        }.get(self.kind, "")

    @property
    def found(self) -> str:
        """What one of them is."""
        return {
            "unread": f"{self.form}, which is not read",
            "link": "a link to a folder, which is not followed",
            "loose": "one outside the classes' folders, which is left out",
        }.get(self.kind, "")

    @property
    def cure(self) -> str:
        """What to do about one of them."""
        return {
            "unread": "convert it to JPEG or PNG, name it so, or move it out of the data's folder",
            "link": "put the pictures themselves there, or name their folder by a --data of its own",
            "loose": "move it into its class's folder, or out of the data's folder",
        }.get(self.kind, "")

    @property
    def said(self) -> str:
        """All of them in a line."""
        count = len(self.files)
        some = f"{count} picture{'' if count == 1 else 's'}"
        folders = f"{count} folder{'' if count == 1 else 's'}"
        return {
            "unread": f"{some} left out, of a format that is not read ({self.form})",
            "link": f"{folders} left out: links to folders are not followed",
            "loose": f"{some} left out, outside the classes' folders",
            "unlabelled": f"{some} left out, in a split without folders of classes",
            "hidden": f"{some} left out, in hidden files and folders",
            "ours": f"{folders} left out, which saccade wrote",
        }[self.kind] + f": {self.names}"

    @property
    def names(self) -> str:
        """The first of them as seen from the data's folder, and how many more there are."""
        names = [_relative(self.root, file) for file in self.files[:_SHOWN]]
        return ", ".join(names) + (f" and {len(self.files) - _SHOWN} more" if len(self.files) > _SHOWN else "")


def left_out(parts: Iterable[Dataset]) -> list[LeftOut]:
    """What lies in the folders of some data sets, and is in none of them.

    Args:
        parts: All parts of the data that are open, as they were read or wrapped.
    """
    found: list[LeftOut] = []
    by_root: dict[Path, list[ImageFiles]] = {}
    for part in parts:
        for files in picture_files(part):
            by_root.setdefault(files.root, []).append(files)
    for root, files in by_root.items():
        found += _Survey(root, files).run() if root.is_dir() else []
    return found


def left_out_below(folder: Path) -> list[LeftOut]:
    """What lies below a folder of pictures without annotations, and is not taken for one of its pictures."""
    return [one for one in _Survey(folder, ()).run() if folder.is_dir()]


def reading_notes(parts: Sequence[Dataset]) -> list[str]:
    """What a person should know of how data were read: spellings, other tables, and all that is no defect.

    Args:
        parts: All parts of the data that are open.
    """
    files = [one for part in parts for one in picture_files(part)]
    notes = list(dict.fromkeys(note for one in files for note in one.notes))
    for root in dict.fromkeys(one.root for one in files):
        notes += [f"{one.said}: nothing of it is read" for one in other_tables(root)] if root.is_dir() else []
    return notes


def picture_files(dataset: Dataset) -> list[ImageFiles]:
    """The data sets of picture files that a data set is made of."""
    if isinstance(dataset, ImageFiles):
        return [dataset]
    parts = dataset.given if isinstance(dataset, ConcatDataset) else ()
    parts = (dataset.dataset,) if isinstance(dataset, DatasetWrapper) else parts
    return [one for part in parts for one in picture_files(part)]


class _Survey:
    """One look through a data set's folder."""

    def __init__(self, root: Path, parts: Sequence[ImageFiles]) -> None:
        self.root = root
        self.listed = {part.root / part.id(index) for part in parts for index in range(len(part))}
        self.holding = {file.parent for file in self.listed}
        folders = [part.class_folders for part in parts if isinstance(part, ImageFolder)]
        labelled = parts and len(folders) == len(parts)
        self.classes = {one for own in folders for one in own} if labelled else None
        self.sniffed = 0
        self.skipped: list[tuple[Path, Why]] = []

    def run(self) -> list[LeftOut]:
        """All that is left out, by kind."""
        unread: dict[str, list[Path]] = {}
        loose: list[Path] = []
        for file in below(self.root, lambda path, why: self.skipped.append((path, why))):
            form = None if file in self.listed else self._form(file)
            if form is not None:
                unread.setdefault(form, []).append(file)
            elif self._is_loose(file):
                loose.append(file)
        flat = [file for file in loose if self._is_in_flat_split(file)]
        kinds: list[tuple[Kind, list[Path]]] = [
            ("link", [path for path, why in self.skipped if why == "link" and self._is_lost(path)]),
            ("loose", [file for file in loose if file not in set(flat)]),
            ("unlabelled", flat),
            ("hidden", [file for path, why in self.skipped if why == "hidden" for file in hidden_pictures(path)]),
            ("ours", [path for path, why in self.skipped if why == "ours"]),
        ]
        found = [LeftOut("unread", self.root, tuple(files), form) for form, files in unread.items()]
        return found + [LeftOut(kind, self.root, tuple(files)) for kind, files in kinds if files]

    def _form(self, file: Path) -> str | None:
        self.sniffed += not file.suffix or file.suffix.lower() not in SUFFIXES
        return kind_of_unread(file, look_inside=self.sniffed <= _SNIFFED)

    def _is_loose(self, file: Path) -> bool:
        """Whether a picture lies outside the folders of classes."""
        if self.classes is None or file.suffix.lower() not in SUFFIXES - {".npy"}:
            return False
        return not self.classes & set(file.parents)

    def _is_in_flat_split(self, file: Path) -> bool:
        """Whether a picture lies in a folder that is called as a split and has no classes."""
        top = file.relative_to(self.root).parts[0]
        folder = self.root / top
        return canonical(top) in USUAL and not any(folder in one.parents for one in self.classes or ())

    def _is_lost(self, link: Path) -> bool:
        """Whether pictures lie behind a link that no part of the data goes through."""
        if any(link == folder or link in folder.parents for folder in self.holding):
            return False
        try:
            return has_picture(link)
        except OSError:
            return False


def hidden_pictures(path: Path) -> list[Path]:
    """The pictures below a hidden folder, or the hidden file itself where it is called as a picture."""
    files = [path]
    if path.is_dir() and not path.is_symlink():
        files = [Path(place, name) for place, _, names in os.walk(path) for name in sorted(names)]
    return [file for file in files if file.suffix.lower() in SUFFIXES]


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
