"""Folders of pictures, one folder a class: ``root/split/class/*.jpg``, or ``root/class/*.jpg`` as one split."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from unicodedata import normalize

import numpy as np
import torch

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.formats.common.below import below
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.image_folder.layout import Layout, class_folders, find
from saccade.safe_io.images.pictures import only_pictures

EVIDENCE = "SPLIT/CLASS/picture.jpg or CLASS/picture.jpg (ImageFolder)"
EVIDENCE_OF_CLASSES = "CLASS/picture.jpg, whatever the classes are called"


class ImageFolder(ImageFiles):
    """One split of pictures, each in a folder named for its class.

    Links among the files are followed, because they are the user's own way of making splits.

    Args:
        root: The data's folder, from which identifiers are counted.
        folder: The folder that holds the classes' folders.
        classes: The folders of each of C classes by its name; a class may have none here.
        notes: What a person should know of how names were read.

    Raises:
        DataError: There is no picture at all.
    """

    gathered = True

    def __init__(
        self, root: Path, folder: Path, classes: Mapping[str, Sequence[Path]], notes: Sequence[str] = ()
    ) -> None:
        names: list[str] = []
        labels: list[int] = []
        for label, folders in enumerate(classes.values()):
            found = [path.relative_to(root).as_posix() for one in folders for path in _pictures(one)]
            names += found
            labels += [label] * len(found)
        if not names:
            raise DataError("pictures", "none", path=folder, cure=f"looked for {EVIDENCE}")
        super().__init__(root, RaggedArray.of_text(names), tuple(classes), links=True)
        self.notes = tuple(notes)
        self._labels = np.array(labels, np.int64)

    @property
    def fields(self) -> frozenset[str]:
        """Only the class of the whole picture is annotated."""
        return frozenset({"label"})

    def truth(self, index: int) -> Annotation:
        """The class of one picture."""
        return Annotation(label=torch.tensor(int(self._labels[index])))

    def classes_of(self, index: int) -> frozenset[int]:
        """The class of one picture."""
        return frozenset({int(self._labels[index])})


def _pictures(folder: Path) -> list[Path]:
    """All pictures under a folder, in the order of their names."""
    return sorted(only_pictures(below(folder)))


def splits(path: Path) -> list[str]:
    """The splits of a folder of classes' folders; ``train`` alone where there are no splits; empty for others.

    Raises:
        DataError: The folder can be read in two ways.
    """
    layout = find(path) if path.is_dir() else None
    return [] if layout is None else sorted(layout.splits, key=("train", "val", "test").index)


def open_folder(path: Path, split: str, report: Report = strict) -> ImageFolder:
    """One split, by a name of `splits`. Classes are the folders of all splits together, so that labels agree.

    Names of classes that differ in the form of accents alone, composed or not, are one class.

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of every defect. This format has none that can be left out.

    Raises:
        DataError: There is no picture at all, or the folder can be read in two ways.
    """
    del report
    return _opened(path, split, find(path) or Layout({split: path}, named=False))


def splits_of_classes(path: Path) -> list[str]:
    """``train`` where a folder holds folders of pictures, whatever they are called; empty for others."""
    return ["train"] if path.is_dir() and class_folders(path) else []


def open_classes(path: Path, split: str, report: Report = strict) -> ImageFolder:
    """The one split of a folder whose folders are all classes, also one that is called ``train``.

    Args:
        path: The data's folder.
        split: Its name.
        report: Told of every defect. This format has none that can be left out.

    Raises:
        DataError: There is no picture at all.
    """
    del report
    return _opened(path, split, Layout({split: path}, named=False))


def _opened(path: Path, split: str, layout: Layout) -> ImageFolder:
    by_split = {name: _by_name(layout.classes_in(name)) for name in layout.splits}
    spellings = {name: {one.name for own in by_split.values() for one in own.get(name, ())} for name in _names(by_split)}
    several = [name for name, spelt in spellings.items() if len(spelt) > 1]
    notes = [f"class {name!r} is spelt in two forms of its accents, composed and not: read as one" for name in several]
    own = by_split.get(split, {})
    return ImageFolder(path, layout.splits.get(split, path), {name: own.get(name, ()) for name in spellings}, notes)


def _by_name(folders: Sequence[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for folder in folders:
        found.setdefault(normalize("NFC", folder.name), []).append(folder)
    return found


def _names(by_split: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The classes of all splits, by name."""
    return sorted({name for own in by_split.values() for name in own})
