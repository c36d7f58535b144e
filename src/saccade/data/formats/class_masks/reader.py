"""Pictures beside folders of binary masks, one folder a class; masks of several classes may overlap."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.core.masks import Masks, tight
from saccade.data.formats.class_masks.layout import find_folders
from saccade.data.formats.common.class_list import find_class_names
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.index_map import read_values
from saccade.data.formats.common.store import RaggedArray

EVIDENCE = "images/ beside masks/CLASS/, a mask of each class (class_masks)"


class ClassMaskFolder(ImageFiles):
    """One split of pictures with a binary mask for each class that was looked for in them.

    A mask holds 0 and one value more; what is not 0 is of the class. A black mask says that nothing of the class is
    there. A class without a mask of a picture was not looked for in it.

    Args:
        root: The data's folder, from which identifiers are counted.
        masks: Each picture's masks by class.
        classes: C names.
    """

    def __init__(self, root: Path, masks: Mapping[Path, Mapping[str, Path]], classes: Sequence[str]) -> None:
        pictures = RaggedArray.of_text([path.relative_to(root).as_posix() for path in masks])
        super().__init__(root, pictures, {"semantic": tuple(classes)}, links=True)
        files = [own.get(name) for own in masks.values() for name in classes]
        self._masks = RaggedArray.of_text(["" if one is None else one.relative_to(root).as_posix() for one in files])
        self._partly = any(one is None for one in files)

    @property
    def fields(self) -> frozenset[str]:
        """Masks of classes, and which were looked for where that is not all of them everywhere."""
        return frozenset({"semantic_masks", *(("semantic_sought",) if self._partly else ())})

    def truth(self, index: int) -> Annotation:
        """The masks of one picture.

        Raises:
            DataError: A mask cannot be read, is of another size than the picture, or has values beyond two.
        """
        size = self.size(index)
        files = self._files(index)
        crops, corners = zip(*(_read(path, size) for path in files), strict=True)
        sought = torch.tensor([path is not None for path in files])
        return Annotation(
            semantic_masks=Masks.from_crops(crops, corners, size),
            semantic_sought=None if bool(sought.all()) else sought,
        )

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of which one picture has a pixel."""
        masks = self.truth(index).get("semantic_masks")
        return frozenset(masks.areas().nonzero()[:, 0].tolist())

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The files of one picture's masks."""
        return tuple(path for path in self._files(index) if path is not None)

    def _files(self, index: int) -> list[Path | None]:
        """C files, or None where there is none."""
        count = len(self.classes)
        names = [self._masks.text(place) for place in range(index * count, (index + 1) * count)]
        return [self.root / name if name else None for name in names]


def _read(path: Path | None, size: tuple[int, int]) -> tuple[Tensor, tuple[int, int]]:
    """The pixels that a mask sets, cut to their window, and its upper left corner x, y."""
    if path is None:
        return torch.zeros(0, 0, dtype=torch.bool), (0, 0)
    values = read_values(path, size)
    grey = values if values.ndim == 2 else values.max(2)
    found = np.unique(grey)
    if len(found[found != 0]) > 1:
        told = ", ".join(map(str, found[:8].tolist())) + (" …" if len(found) > 8 else "")
        raise DataError(
            "a mask of two values, 0 and what is inside",
            told,
            path=path,
            cure="write 0 outside and 255 inside: greys at edges come of smoothing, and several values are several "
            "classes, which have a folder each, or stand in one map (masks)",
        )
    return tight(torch.from_numpy(grey != 0))


def splits(path: Path) -> list[str]:
    """The splits of a folder of pictures and folders of masks; empty where it is none."""
    return list(find_folders(path)) if path.is_dir() else []


def open_class_masks(path: Path, split: str, report: Report = strict) -> ClassMaskFolder:
    """One split, by a name of `splits`.

    Classes are those of all splits' folders, by name, or in the order of ``classes.txt`` where there is one.

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault.
    """
    found = find_folders(path)
    names = tuple(sorted({name for folders in found.values() for name in folders.classes}))
    listed = find_class_names(path, report)
    if listed is not None and sorted(listed.names) != sorted(names):
        raise DataError(
            f"folders of masks of the classes that are listed ({', '.join(listed.names)})",
            ", ".join(names),
            path=found[split].masks,
            cure="call each folder as its class is called, or take the list away",
        )
    masks = found[split].match(report)
    if not masks:
        raise DataError("pictures with masks", "none", path=path)
    return ClassMaskFolder(path, masks, names if listed is None else listed.names)
