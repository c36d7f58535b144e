"""Folders of pictures, one folder a class: ``root/split/class/*.jpg``, or ``root/class/*.jpg`` as one split."""

from collections.abc import Iterator, Mapping, Sequence
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
from saccade.data.formats.image_folder.layout import Layout, class_folders, find, has_picture
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
        class_folders: The folders of classes of all splits.
        notes: What a person should know of how names were read.

    Raises:
        DataError: There is no picture at all.
    """

    gathered = True

    def __init__(
        self,
        root: Path,
        folder: Path,
        classes: Mapping[str, Sequence[Path]],
        class_folders: Sequence[Path] = (),
        notes: Sequence[str] = (),
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
        self.class_folders, self.notes = tuple(class_folders), tuple(notes)
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
    own = by_split.get(split, {})
    folders = [one for classes in by_split.values() for found in classes.values() for one in found]
    classes = {name: own.get(name, ()) for name in sorted({normalize("NFC", one.name) for one in folders})}
    return ImageFolder(path, layout.splits.get(split, path), classes, folders, list(_notes(folders)))


def _notes(folders: Sequence[Path]) -> Iterator[str]:
    """What a person should know of how classes were read."""
    spellings = {name: {one.name for one in found} for name, found in _by_name(folders).items()}
    for name, spelt in spellings.items():
        if len(spelt) > 1:
            yield f"the class {name!r} is also spelt in another form of accents: read as one class"
    inner = [one for folder in folders for one in class_folders(folder) if has_picture(one) and not one.is_symlink()]
    if inner:
        some = f"such as {inner[0].parent.name}/{inner[0].name}"
        yield f"pictures lie in folders below their classes, {some}: their class is that of the upper folder"


def _by_name(folders: Sequence[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for folder in folders:
        found.setdefault(normalize("NFC", folder.name), []).append(folder)
    return found
