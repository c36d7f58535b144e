"""Folders of pictures beside masks that give each pixel's class, as a number or a colour."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.datasets.by_window import ClassesByWindow
from saccade.data.formats.common.class_list import ClassNames, find_class_names
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.index_map import IGNORE, Colour, read_values, to_classes
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.masks.pairs import find_pairs
from saccade.safe_io.images.maps import decode_map
from saccade.safe_io.images.windowed_tiff import open_map_windows

EVIDENCE = "images/ beside masks/, or SPLIT/images beside SPLIT/masks (masks)"
_IGNORED = ("void", "ignore")
_LOOKED_AT = 8


class MaskFolder(ImageFiles):
    """One split of pictures with masks.

    A mask of numbers gives classes from 0 on, and 255 for pixels to ignore. Where the list of classes gives colours,
    masks are read as colours, those of a palette too; a listed class named void or ignore is then no class, but 255.

    Args:
        root: The data's folder, from which identifiers are counted.
        pairs: Each picture's mask.
        listed: The classes, and their colours where masks are coloured.
    """

    def __init__(self, root: Path, pairs: dict[Path, Path], listed: ClassNames) -> None:
        pictures = RaggedArray.of_text([path.relative_to(root).as_posix() for path in pairs])
        names = [name for name in listed.names if not (listed.colours and name.lower() in _IGNORED)]
        super().__init__(root, pictures, tuple(names), links=True)
        self._numbers = {IGNORE: IGNORE} | {label: label for label in range(min(len(names), IGNORE))}
        self._colours: dict[Colour, int] = {
            colour: names.index(name) if name in names else IGNORE
            for name, colour in zip(listed.names, listed.colours, strict=False)
        }
        self._grey = {red: label for (red, green, blue), label in self._colours.items() if red == green == blue}
        self._masks = RaggedArray.of_text([path.relative_to(root).as_posix() for path in pairs.values()])

    @property
    def fields(self) -> frozenset[str]:
        """Classes of pixels."""
        return frozenset({"semantic"})

    def truth(self, index: int) -> Annotation:
        """The classes of one picture's pixels.

        Raises:
            DataError: The mask cannot be read, is of another size than the picture, or has an unknown value.
        """
        return Annotation(semantic=self._semantic(index, self.size(index)))

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of one picture's pixels."""
        return frozenset(self._semantic(index, self.size(index)).unique().tolist()) - {IGNORE}

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The file of one picture's mask."""
        return (self.mask_file(index),)

    def mask_file(self, index: int) -> Path:
        """The file of one picture's mask."""
        return self.root / self._masks.text(index)

    def classes_by_window(self, index: int, most: int) -> ClassesByWindow:
        """The classes of one picture's pixels, part by part.

        A large TIFF of numbers is read by window; other maps are held whole, as the bytes that their files hold.

        Raises:
            DataError: The mask cannot be read; or a part of it, when that is read, has an unknown value.
        """
        path = self.mask_file(index)
        windows = None if self._colours else open_map_windows(path, most)
        if windows is not None:
            return ClassesByWindow(windows.size, lambda *window: self._classes_of(path, windows.values(*window)[0]))
        values = decode_map(path, palette=bool(self._colours))
        size = (values.shape[0], values.shape[1])
        return ClassesByWindow(size, lambda y1, x1, y2, x2: self._classes_of(path, values[y1:y2, x1:x2]))

    def _semantic(self, index: int, size: tuple[int, int]) -> Tensor:
        path = self.mask_file(index)
        return self._classes_of(path, read_values(path, size, palette=bool(self._colours)))

    def _classes_of(self, path: Path, values: NDArray[Any]) -> Tensor:
        return to_classes(path, values, self._grey or self._numbers, self._colours)


def splits(path: Path) -> list[str]:
    """The splits of a folder of pictures and masks; empty where it is none."""
    return list(find_pairs(path)) if path.is_dir() else []


def open_masks(path: Path, split: str, report: Report = strict) -> MaskFolder:
    """One split, by a name of `splits`.

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault, or no list of classes is there.
    """
    listed = find_class_names(path, report)
    if listed is None:
        raise DataError(
            "a list of the classes' names",
            "none",
            path=path,
            cure="write classes.txt with one name a line, in the order of the masks' numbers; "
            f"or 'name red green blue' a line, where masks are coloured; where each number or colour is one object, "
            f"write object_masks:{path}",
        )
    pairs = find_pairs(path)[split].match(report)
    if not pairs:
        raise DataError("pictures with masks", "none", path=path)
    data = MaskFolder(path, pairs, listed)
    _check_meaning(data, listed, report)
    return data


def _check_meaning(data: MaskFolder, listed: ClassNames, report: Report) -> None:
    """Black and white masks of two classes would lose the white ones: 255 is ignored."""
    if listed.colours or len(listed.names) < 2:
        return
    chosen = np.linspace(0, len(data) - 1, min(len(data), _LOOKED_AT)).astype(int).tolist()
    found = set[int]()
    for index in chosen:
        try:
            values = decode_map(data.mask_file(index))
        except DataError:
            return  # It is told when the mask is read.
        found |= set(np.unique(values).tolist()) if values.ndim == 2 else {-1}
    if found == {0, IGNORE}:
        first, second = listed.names[:2]
        report(
            DataError(
                "numbers of classes",
                f"0 and 255 alone in {len(chosen)} masks; 255 is ignored",
                path=data.mask_file(0).parent,
                cure=f"if white is a class, list the colours too: '{first} 0 0 0' and '{second} 255 255 255'",
            )
        )
