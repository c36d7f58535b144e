"""PASCAL-Context: the classes of all pixels of VOC 2010's pictures, 459 of them, of which 59 are frequent."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.index_map import IGNORE, to_classes
from saccade.data.formats.common.stems import listings, pairs
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.voc.pixels import BACKGROUND
from saccade.safe_io.documents.mat_file import load_mat
from saccade.safe_io.documents.text_file import load_lines

EVIDENCE = "trainval/*.mat beside labels.txt (PASCAL-Context)"
_ALL, _FREQUENT = "labels.txt", "59_labels.txt"
_TRUTHS = "trainval"
_PICTURES = ("JPEGImages", "VOC2010/JPEGImages", "VOCdevkit/VOC2010/JPEGImages", "images")
_LISTS = (".", "VOC2010/ImageSets/Main", "VOCdevkit/VOC2010/ImageSets/Main", "ImageSets/Main")
_MAT_BYTES = 2**26


# 255 marks pixels to be ignored: of all 459 classes none may stand there.
UNUSED = "(unused)"


class PascalContext(ImageFiles):
    """One split of pictures with the class of every pixel; 0, which names none, is ignored.

    Args:
        root: The data's folder, from which identifiers are counted.
        truths: The MATLAB file of each picture.
        listed: The number of each class of the files.
        classes: The names that count; pixels of others are background, a last class of pixels.
    """

    def __init__(self, root: Path, truths: dict[Path, Path], listed: dict[str, int], classes: tuple[str, ...]) -> None:
        names = classes if len(classes) <= IGNORE else (*classes[:IGNORE], UNUSED, *classes[IGNORE:])
        # Where some of the files' classes are left out, their pixels are background.
        pixels = (*names, BACKGROUND) if len(classes) < len(listed) else names
        paths = RaggedArray.of_text([path.relative_to(root).as_posix() for path in truths])
        super().__init__(root, paths, {"semantic": pixels})
        self._truths = RaggedArray.of_text([path.relative_to(root).as_posix() for path in truths.values()])
        places = {number: names.index(name) if name in names else len(names) for name, number in listed.items()}
        self._numbers = {0: IGNORE} | places
        self._background = len(names)

    @property
    def fields(self) -> frozenset[str]:
        """Classes of pixels."""
        return frozenset({"semantic"})

    def truth(self, index: int) -> Annotation:
        """The classes of one picture's pixels.

        Raises:
            DataError: The MATLAB file cannot be read, is not of the picture's size, or has an unknown number.
        """
        return Annotation(semantic=self._semantic(index, self.size(index)))

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The file of one picture's pixels."""
        return (self.root / self._truths.text(index),)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of one picture's pixels, without the background."""
        return frozenset(self._semantic(index, None).unique().tolist()) - {IGNORE, self._background}

    def _semantic(self, index: int, size: tuple[int, int] | None) -> Tensor:
        path = self.root / self._truths.text(index)
        values: Any = load_mat(path, _MAT_BYTES).get("LabelMap")
        if not isinstance(values, np.ndarray) or values.ndim != 2 or values.dtype.kind not in "ui":
            raise DataError("a map LabelMap of whole numbers", "none", path=path)
        if size is not None and values.shape != size:
            raise DataError(
                f"a map of {size[1]}x{size[0]}, the size of the picture",
                f"{values.shape[1]}x{values.shape[0]}",
                path=path,
                cure="the file may belong to another picture",
            )
        return to_classes(path, values, self._numbers, {})


def splits(path: Path) -> list[str]:
    """The splits of a folder of this format, or of one of its lists of classes; empty where it is none."""
    root = path.parent if path.name in (_ALL, _FREQUENT) else path
    if not (root / _ALL).is_file() or not any((root / _TRUTHS).glob("*.mat")):
        return []
    return list(listings(*(root / name for name in _LISTS))) or ["train"]


def open_context(path: Path, split: str, report: Report = strict) -> PascalContext:
    """One split, by a name of `splits`, of the 59 frequent classes where ``59_labels.txt`` is there, or else of all.

    Args:
        path: The data's folder, or the list of the classes that count: ``labels.txt`` for all.
        split: Which part.
        report: Told of listed names without files; by default the first is raised.

    Raises:
        DataError: The data are at fault.
    """
    root, file = (path.parent, path) if path.is_file() else (path, path / _FREQUENT)
    listed = _numbered(root / _ALL)
    classes = tuple(_numbered(file)) if file.is_file() else tuple(listed)
    unknown = [name for name in classes if name not in listed]
    if unknown:
        raise DataError(f"classes of {_ALL}", ", ".join(unknown[:8]), path=file)
    pictures = next((root / name for name in _PICTURES if (root / name).is_dir()), root / _PICTURES[0])
    found = pairs(root / _TRUTHS, pictures, listings(*(root / name for name in _LISTS)).get(split), report)
    if not found:
        cure = f"put VOC 2010's JPEGImages into {root}"
        raise DataError("pictures with classes of pixels", "none", path=pictures, cure=cure)
    return PascalContext(root, found, listed, classes)


def _numbered(file: Path) -> dict[str, int]:
    """The numbers of a list of lines such as ``2: aeroplane``, by name."""
    found: dict[str, int] = {}
    for line, text in enumerate(load_lines(file), 1):
        number, colon, name = text.partition(":")
        if not text.strip():
            continue
        if not colon or not number.strip().isdecimal() or not name.strip() or name.strip() in found:
            wanted = "a number and a new name, such as 2: aeroplane"
            raise DataError(wanted, repr(text[:80]), path=file, line=line)
        found[name.strip()] = int(number)
    return found
