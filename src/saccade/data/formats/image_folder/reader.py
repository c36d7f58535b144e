"""Folders of pictures, one folder a class: ``root/split/class/*.jpg``, or ``root/class/*.jpg`` as one split."""

import os
from pathlib import Path

import numpy as np
import torch

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.split_names import USUAL, canonical
from saccade.data.formats.common.store import RaggedArray
from saccade.safe_io.images.pictures import SUFFIXES, only_pictures

EVIDENCE = "SPLIT/CLASS/picture.jpg or CLASS/picture.jpg (ImageFolder)"


# Folders of other formats.
_NO_CLASSES = frozenset(
    (
        *("annotations", "annotation", "jpegimages", "images", "image", "imgs", "img", "imagesets", "labels", "masks"),
        *("mask", "segmentationclass", "segmentationobject", "vocdevkit", "xmls"),
    )
)


class ImageFolder(ImageFiles):
    """One split of pictures, each in a folder named for its class.

    Links among the files are followed, because they are the user's own way of making splits.

    Args:
        root: The data's folder, from which identifiers are counted.
        folder: The folder that holds the classes' folders.
        classes: C names of folders; a class may have none here.

    Raises:
        DataError: There is no picture at all.
    """

    def __init__(self, root: Path, folder: Path, classes: tuple[str, ...]) -> None:
        names: list[str] = []
        labels: list[int] = []
        for label, name in enumerate(classes):
            found = [path.relative_to(root).as_posix() for path in _pictures(folder / name)]
            names += found
            labels += [label] * len(found)
        if not names:
            raise DataError("pictures", "none", path=folder, cure=f"looked for {EVIDENCE}")
        super().__init__(root, RaggedArray.of_text(names), classes, links=True)
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
    found: list[Path] = []
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += only_pictures(Path(place, name) for name in files if name[0] != ".")
    return sorted(found)


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and entry.name[0] not in "._")


def _has_picture(folder: Path) -> bool:
    """Whether a picture lies anywhere under a folder; stops at the first."""
    return any(Path(name).suffix.lower() in SUFFIXES for _, _, files in os.walk(folder) for name in files)


def _split_folders(root: Path) -> dict[str, Path]:
    """Folders by split, where `root` holds folders that are named as splits and hold classes' folders."""
    named = {canonical(folder.name): folder for folder in _folders(root) if canonical(folder.name) in USUAL}
    return {name: folder for name, folder in named.items() if any(map(_has_picture, _folders(folder)))}


def splits(path: Path) -> list[str]:
    """The splits of a folder of classes' folders; ``train`` alone where there are no splits; empty for others."""
    if not path.is_dir():
        return []
    nested = sorted(_split_folders(path), key=lambda name: ("train", "val", "test").index(name))
    if nested:
        return nested
    folders = _folders(path)
    if folders and all(folder.name.lower() in _NO_CLASSES for folder in folders):
        return []  # Part of another format, which would be read as pictures of a class called Annotations.
    return ["train"] if any(map(_has_picture, folders)) else []


def open_folder(path: Path, split: str, report: Report = strict) -> ImageFolder:
    """One split, by a name of `splits`. Classes are the folders of all splits together, so that labels agree.

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of every defect. This format has none that can be left out.
    """
    del report
    nested = _split_folders(path)
    parts = list(nested.values()) or [path]
    classes = sorted({folder.name for part in parts for folder in _folders(part)})
    return ImageFolder(path, nested.get(split, path), tuple(classes))
