"""Where a folder in Pascal VOC's format keeps its annotations, pictures and splits."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path, PureWindowsPath
from unicodedata import normalize

from saccade.core.errors import DataError
from saccade.data.formats.common.below import is_hidden
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.common.disk_names import DiskNames
from saccade.data.formats.common.split_names import USUAL, canonical, one_each
from saccade.safe_io.documents.text_file import load_lines
from saccade.safe_io.images.pictures import SUFFIXES, only_pictures
from saccade.safe_io.paths import plain_name

_ANNOTATIONS = ("Annotations", "annotations", "annotations/xmls", "xmls", "labels", ".")
_PICTURES = ("JPEGImages", "images", "Images", ".")
_ROOT = re.compile(rb"<annotation[\s>]")
_LOOKED_AT, _OPENED = 20, 3  # files by which a folder of another name is known


_WHOLE = re.compile(r"-?\d+")
_USUAL = sorted(SUFFIXES, key=lambda suffix: (suffix == ".npy", suffix))  # beside a picture it is a cache


@dataclass(frozen=True)
class Part:
    """One split.

    Attributes:
        annotations: The folder of the XML files.
        pictures: The folder of the pictures.
        listing: The file that lists the names, or None where all annotations belong to the split.
        nested: Whether annotations may lie in folders below.
        disk: Looks up names that the disk spells otherwise, and keeps them.
    """

    annotations: Path
    pictures: Path
    listing: Path | None = None
    nested: bool = False
    disk: DiskNames = field(default_factory=DiskNames, compare=False)

    def files(self, report: Report) -> list[Path]:
        """The XML files in order; `report` is told of listed names without one and of names listed twice."""
        if self.listing is None:
            return sorted(_xml_files(self.annotations, self.nested))
        found: dict[Path, int] = {}
        lines = [(line, text.strip()) for line, text in enumerate(load_lines(self.listing), 1) if text.strip()]
        marks = 0 if any(self._annotations_of(text) for _, text in lines) else marks_in([text for _, text in lines])
        for line, text in lines:
            with telling(report):
                self._add(text.rsplit(maxsplit=marks)[0] if marks else text, line, found)
        return list(found)

    def _annotations_of(self, name: str) -> list[Path]:
        """The annotations that there are of a listed name, which may be that of the picture's file."""
        path = Path(name)
        cut = [name.removesuffix(path.suffix)] if path.suffix.lower() in {*SUFFIXES, ".xml"} else []
        files = (self.disk.file(self.annotations / f"{plain_name(one)}.xml") for one in (name, *cut))
        return list(filter(None, files))

    def _add(self, text: str, line: int, found: dict[Path, int]) -> None:
        files = self._annotations_of(text)
        if len(files) > 1:
            raise DataError(
                "one annotation of a name",
                f"{' and '.join(file.name for file in files)} of {text!r}",
                path=self.listing,
                line=line,
                cure="write the name without a picture's ending, or rename one of them",
            )
        file = next(iter(files), None)
        if file is None:
            raise DataError(
                f"an annotation {self.annotations / text}.xml",
                "none",
                path=self.listing,
                line=line,
                cure="restore it, or take the name off the list",
            )
        if file in found:
            raise DataError(
                "each name once",
                f"{text!r}, which line {found[file]} lists too",
                path=self.listing,
                line=line,
                cure="delete one of the lines",
            )
        found[file] = line

    def picture(self, annotation: Path, named: str | None) -> str | None:
        """The file in `pictures` of an annotation: of its own name, or else that which it names; None if absent."""
        stem = annotation.relative_to(self.annotations).with_suffix("").as_posix()
        last = PureWindowsPath(named).name if named else ""  # It knows both kinds of slashes.
        same = [PureWindowsPath(last).suffix] if PureWindowsPath(last).suffix.lower() in SUFFIXES else []
        suffixes = [*same, ".jpg", *_USUAL]
        stems = dict.fromkeys((stem, stem.rpartition("/")[2]))
        for candidate in [*(f"{one}{suffix}" for one in stems for suffix in suffixes), *([last] if same else [])]:
            found = self._on_disk.get(_key(candidate), [])
            if found:
                name = candidate if candidate in found else found[0]
                if name.lower() != candidate.lower():
                    self.disk.other[candidate] = name
                return name
        return None

    def rivals(self, annotation: Path, named: str | None) -> list[str]:
        """The pictures that an annotation may be of, where there are several and it does not say which.

        Pictures of its own name in several formats, of which it names none; or one of its own name, and another that
        it names.
        """
        own = self._of_stem.get(_key(annotation.relative_to(self.annotations).with_suffix("").as_posix()), [])
        last = PureWindowsPath(named).name if named else ""
        if any(_key(PureWindowsPath(name).name) == _key(last) for name in own):
            return []
        other = self._on_disk.get(_key(last), []) if own else []
        both = [*own, *(name for name in other if name not in own)]
        return both if len(both) > 1 else []

    @cached_property
    def _of_stem(self) -> dict[str, list[str]]:
        """Paths of the pictures below `pictures` by path without suffix, in small letters."""
        found: dict[str, list[str]] = {}
        for path in only_pictures(Path(name) for names in self._on_disk.values() for name in names):
            found.setdefault(_key(path.with_suffix("").as_posix()), []).append(path.as_posix())
        return found

    @cached_property
    def _on_disk(self) -> dict[str, list[str]]:
        """Paths below `pictures` by their composed spelling in small letters: suffixes are written in many ways."""
        found: dict[str, list[str]] = {}
        for folder, below, files in os.walk(self.pictures):
            below[:] = sorted(name for name in below if name[0] != ".")
            place = Path(folder).relative_to(self.pictures).as_posix()
            for name in sorted(files):
                path = name if place == "." else f"{place}/{name}"
                found.setdefault(_key(path), []).append(path)
        return found


def marks_in(lines: Sequence[str]) -> int:
    """How many columns of whole numbers, such as 1 and -1 for a class, stand behind the name in all lines of a list."""
    counts: list[int] = []
    for text in lines:
        behind = text.split()[1:]
        numbers = [_WHOLE.fullmatch(column) is not None for column in reversed(behind)]
        counts.append(numbers.index(False) if False in numbers else len(numbers))
    return min(counts, default=0)


def _key(name: str) -> str:
    return normalize("NFC", name.lower())


def _xml_files(folder: Path, nested: bool) -> Iterator[Path]:
    files = folder.rglob("*") if nested else folder.glob("*")
    return (file for file in files if file.suffix.lower() == ".xml" and file.name[0] != ".")


def parts(root: Path, lists: Path | None = None) -> dict[str, Part]:
    """The splits of a folder; empty where it has no annotations in XML.

    Args:
        root: The folder.
        lists: The folder of the lists of names; by default the first usual one that has some.
    """
    whole = _part(root)
    if whole is not None and whole.annotations != root:
        files = _lists(root) if lists is None else _lists_in(lists)
        listed = one_each(root, ((file.stem, replace(whole, listing=file)) for file in files), "list")
        return listed or {"train": whole}
    folders = {entry.name: _part(entry) for entry in sorted(root.iterdir()) if canonical(entry.name) in USUAL}
    nested = one_each(root, ((name, part) for name, part in folders.items() if part is not None), "folder")
    return nested or ({"train": whole} if whole else {})


def folder_and_lists(path: Path) -> tuple[Path, Path | None]:
    """The folder that holds the annotations, and the folder of lists where the path leads to one.

    ``VOC2012/ImageSets/Segmentation`` asks for the pictures alone whose pixels have classes.
    """
    if path.is_dir() and path.parent.name == "ImageSets":
        return path.parents[1], path
    return data_folder(path), None


def data_folder(path: Path) -> Path:
    """The folder that holds the annotations: the path itself, or that of VOC's own archive below it."""
    if not path.is_dir():
        return path
    below = [folder for pattern in ("VOC20*", "VOCdevkit/VOC20*") for folder in sorted(path.glob(pattern))]
    if not below or (path / "Annotations").is_dir():
        return path
    if len(below) > 1:
        raise DataError(
            "one folder in Pascal VOC's format",
            ", ".join(folder.name for folder in below),
            path=path,
            cure=f"say which: voc:{below[0]}, or several, each by --data",
        )
    return below[0]


def _part(folder: Path) -> Part | None:
    for name in _ANNOTATIONS:
        place, nested = folder / name, name[0] in "Aa"
        # Beside the pictures lie XML files of other kinds, too.
        if place.is_dir() and (_has_annotations(place) if name == "." else any(_xml_files(place, nested))):
            return Part(place, _pictures_of(folder, place, nested), nested=nested)
    return _part_by_content(folder)


def _part_by_content(folder: Path) -> Part | None:
    """Annotations by what the files say, in the one folder that has such files, whatever it is called."""
    places = [one for one in _inner(folder) if canonical(one.name) not in USUAL and _has_annotations(one)]
    return Part(places[0], _pictures_of(folder, places[0])) if len(places) == 1 else None


def _pictures_of(folder: Path, place: Path, nested: bool = False) -> Path:
    """The folder of the pictures: of a usual name, or else the one that has most of the annotated ones."""
    usual = next((known for one in _PICTURES[:-1] if (known := folder / one).is_dir()), None)
    if usual is not None:
        return usual
    stems = {_key(file.stem) for file in islice(_xml_files(place, nested), _LOOKED_AT)}
    return max([folder, *_inner(folder)], key=lambda one: len(stems & _stems_of_pictures(one)))


def _inner(folder: Path) -> list[Path]:
    """The folders in a folder that a person sees; none where there is no folder."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [entry for entry in entries if entry.is_dir() and not is_hidden(entry.name)]


def _has_annotations(folder: Path) -> bool:
    return any(map(is_annotation, islice(_xml_files(folder, nested=False), _OPENED)))


def is_annotation(file: Path) -> bool:
    """Whether an XML file begins as VOC's annotations do."""
    try:
        with file.open("rb") as opened:
            return _ROOT.search(opened.read(4096)) is not None
    except OSError:
        return False


def _stems_of_pictures(folder: Path) -> set[str]:
    return {_key(file.stem) for file in folder.iterdir() if file.suffix.lower() in SUFFIXES}


def _lists(root: Path) -> list[Path]:
    """The files that list names of a split; those of one class, which say -1 or 1 beside each name, are none."""
    for folder in ("ImageSets/Main", "ImageSets", "ImageSets/Segmentation"):
        files = _lists_in(root / folder)
        if files:
            return files
    return []


def _lists_in(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.glob("*.txt")) if _is_of_split(file)]


def _is_of_split(file: Path) -> bool:
    return canonical(file.stem) in {*USUAL, "trainval"} or not _is_of_one_class(file)


def _is_of_one_class(file: Path) -> bool:
    with file.open("rb") as lines:
        columns = [line.split() for line in lines.readlines(65536) if line.strip()]
    return bool(columns) and all(len(one) > 1 and one[-1] in (b"-1", b"0", b"1") for one in columns)
