"""Where a folder in Pascal VOC's format keeps its annotations, pictures and splits."""

from dataclasses import dataclass
from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.report import Report, telling
from saccade.data.split_names import USUAL, canonical
from saccade.trust.files import is_file
from saccade.trust.paths import plain_name
from saccade.trust.pictures import SUFFIXES
from saccade.trust.text_file import load_lines

_ANNOTATIONS = ("Annotations", "annotations", "annotations/xmls", "xmls", "labels", ".")
_PICTURES = ("JPEGImages", "images", "Images", ".")


@dataclass(frozen=True)
class Part:
    """One split.

    Attributes:
        annotations: The folder of the XML files.
        pictures: The folder of the pictures.
        listing: The file that lists the names, or None where all annotations belong to the split.
    """

    annotations: Path
    pictures: Path
    listing: Path | None = None

    def files(self, report: Report) -> list[Path]:
        """The XML files in order; `report` is told of listed names without one and of names listed twice."""
        if self.listing is None:
            return sorted(self.annotations.glob("*.xml"))
        found: dict[Path, int] = {}
        for line, text in enumerate(load_lines(self.listing), 1):
            if text.strip():
                with telling(report):
                    self._add(text.strip(), line, found)
        return list(found)

    def _add(self, text: str, line: int, found: dict[Path, int]) -> None:
        names = [text, text.split()[0]]
        for name in names:
            plain_name(name)
        files = [self.annotations / f"{name.removesuffix(Path(name).suffix) if cut else name}.xml"
                 for name in names for cut in (False, True)]  # fmt: skip
        file = next((file for file in files if is_file(file)), None)
        if file is None:
            raise DataError(
                f"an annotation {files[0]} is expected, found none",
                path=self.listing,
                line=line,
                hint="restore it, or take the name off the list",
            )
        if file in found:
            raise DataError(
                f"each name once is expected, found {text!r}, which line {found[file]} lists too",
                path=self.listing,
                line=line,
                hint="delete one of the lines",
            )
        found[file] = line

    def picture(self, annotation: Path, named: str | None) -> str | None:
        """The file in `pictures` of an annotation: of its own name, or else that which it names; None if absent."""
        stem = annotation.relative_to(self.annotations).with_suffix("").as_posix()
        last = Path(named).name if named else ""
        same = [Path(last).suffix] if Path(last).suffix.lower() in SUFFIXES else []
        usual = sorted(SUFFIXES, key=lambda suffix: (suffix == ".npy", suffix))  # beside a picture it is a cache
        suffixes = [*same, ".jpg", *usual, *(suffix.upper() for suffix in usual)]
        candidates = [f"{stem}{suffix}" for suffix in suffixes] + ([last] if same else [])
        return next((name for name in candidates if (self.pictures / name).is_file()), None)


def parts(root: Path) -> dict[str, Part]:
    """The splits of a folder; empty where it has no annotations in XML."""
    whole = _part(root)
    if whole is not None and whole.annotations != root:
        lists = _lists(root)
        return {canonical(file.stem): Part(whole.annotations, whole.pictures, file) for file in lists} or {
            "train": whole
        }
    nested = {canonical(name.name): _part(name) for name in sorted(root.iterdir()) if canonical(name.name) in USUAL}
    return {name: part for name, part in nested.items() if part is not None} or ({"train": whole} if whole else {})


def data_folder(path: Path) -> Path:
    """The folder that holds the annotations: the path itself, or that of VOC's own archive below it."""
    if not path.is_dir():
        return path
    below = [folder for pattern in ("VOC20*", "VOCdevkit/VOC20*") for folder in sorted(path.glob(pattern))]
    return below[0] if len(below) == 1 and not (path / "Annotations").is_dir() else path


def _part(folder: Path) -> Part | None:
    places = [folder / name for name in _ANNOTATIONS]
    annotations = next((place for place in places if place.is_dir() and any(place.glob("*.xml"))), None)
    if annotations is None:
        return None
    pictures = next(place for name in _PICTURES if (place := folder / name).is_dir())
    return Part(annotations, pictures)


def _lists(root: Path) -> list[Path]:
    """The files that list names of a split; those of one class, which say -1 or 1 beside each name, are none."""
    for folder in ("ImageSets/Main", "ImageSets", "ImageSets/Segmentation"):
        files = [file for file in sorted((root / folder).glob("*.txt")) if not _is_of_one_class(file)]
        if files:
            return files
    return []


def _is_of_one_class(file: Path) -> bool:
    with file.open("rb") as lines:
        columns = [line.split() for line in lines.readlines(65536) if line.strip()]
    return bool(columns) and all(len(one) == 2 and one[1] in (b"-1", b"0", b"1") for one in columns)
