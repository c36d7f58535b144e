"""Pictures beside maps of their objects of one class: each number, or each colour, is one object, such as Penn-Fudan's.

Legend: n objects, (H, W) picture.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import ANY_CLASS, Annotation, Instances
from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.formats.common.class_list import find_class_names
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.index_map import IGNORE, packed_colours, read_values
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.masks.pairs import find_pairs

EVIDENCE = "images/ beside masks/, a number or a colour an object (object_masks)"
# Where no list names the class.
UNNAMED = "object"
# Objects of a picture, and how many times its pixels the windows of all may take together: more is no map of objects.
MOST, OFTEN = 20_000, 100


class ObjectMaskFolder(ImageFiles):
    """One split of pictures with maps of their objects.

    0, or black, is background. Of numbers up to 255, 255 is a region to ignore. What stands apart is one object where
    it has one number, and holes are holes.

    Args:
        root: The data's folder, from which identifiers are counted.
        pairs: Each picture's map.
        name: The class of all objects.
    """

    def __init__(self, root: Path, pairs: dict[Path, Path], name: str) -> None:
        pictures = RaggedArray.of_text([path.relative_to(root).as_posix() for path in pairs])
        super().__init__(root, pictures, (name,), links=True)
        self._maps = RaggedArray.of_text([path.relative_to(root).as_posix() for path in pairs.values()])

    @property
    def fields(self) -> frozenset[str]:
        """Objects with their masks."""
        return frozenset(f"instances.{name}" for name in ("boxes", "labels", "area", "crowd", "masks"))

    def truth(self, index: int) -> Annotation:
        """The objects of one picture, by number.

        Raises:
            DataError: The map cannot be read, is of another size than the picture, shows 0 and 255 alone, or too many
                objects.
        """
        path, size = self.map_file(index), self.size(index)
        values = read_values(path, size)
        numbers, masks = _objects(path, values if values.ndim == 2 else packed_colours(values))
        ignored = torch.from_numpy((numbers == IGNORE) & (values.dtype == np.uint8) & (values.ndim == 2))
        if len(numbers) == 1 and bool(ignored.all()):
            raise DataError(
                "a number of its own for each object, from 1 on",
                "0 and 255 alone; 255 is ignored",
                path=path,
                cure="if white are pixels of a class and not one object, they are no instances: read them as "
                "masks:DIR, with 'background 0 0 0' and the class's '255 255 255' in classes.txt",
            )
        labels = torch.where(ignored, ANY_CLASS, torch.zeros_like(ignored, dtype=torch.int64))
        rows = Instances(boxes=masks.boxes(), labels=labels, masks=masks, area=masks.areas(), crowd=ignored)
        return Annotation(instances=rows)

    def classes_of(self, index: int) -> frozenset[int]:
        """The class, where one picture shows an object."""
        return frozenset(self.truth(index).get("instances.labels").tolist()) - {ANY_CLASS}

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The file of one picture's map."""
        return (self.map_file(index),)

    def map_file(self, index: int) -> Path:
        """The file of one picture's map."""
        return self.root / self._maps.text(index)


def _objects(path: Path, values: NDArray[Any]) -> tuple[NDArray[Any], Masks]:
    """The numbers (n,) of a map (H, W) other than 0, and the pixels of each."""
    from scipy import ndimage  # no other format waits for it

    found, places = np.unique(values, return_inverse=True)
    numbers = found[found != 0]
    if len(numbers) > MOST:
        raise _too_many(path, f"{len(numbers)} of them")
    # Counted anew from 1 on, so that a list of windows is no longer than there are objects.
    ranks = places.reshape(values.shape) + (1 if found[0] != 0 else 0)
    windows = ndimage.find_objects(ranks)
    taken = sum((rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in windows)
    if taken > OFTEN * values.size:
        raise _too_many(path, f"{len(numbers)} that all lie everywhere")
    crops = [torch.from_numpy(ranks[window] == rank) for rank, window in enumerate(windows, 1)]
    corners = [(columns.start, rows.start) for rows, columns in windows]
    return numbers, Masks.from_crops(crops, corners, (values.shape[0], values.shape[1]))


def _too_many(path: Path, found: str) -> DataError:
    cure = "save the map without smoothing or lossy compression: every value in it is an object"
    return DataError(f"a number, or a colour, for each of at most {MOST} objects", found, path=path, cure=cure)


def splits(path: Path) -> list[str]:
    """The splits of a folder of pictures and maps; empty where it is none."""
    return list(find_pairs(path)) if path.is_dir() else []


def open_object_masks(path: Path, split: str, report: Report = strict) -> ObjectMaskFolder:
    """One split, by a name of `splits`. The class is the one of ``classes.txt``, or else called "object".

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault, or several classes are listed, which such a map cannot tell apart.
    """
    listed = find_class_names(path, report)
    names = (UNNAMED,) if listed is None else listed.names
    if len(names) != 1:
        raise DataError(
            "one class of all objects",
            ", ".join(names),
            path=path,
            cure="list the one class; objects of several classes need COCO, VOC or LabelMe, and a map of classes is "
            "read as masks:DIR",
        )
    pairs = find_pairs(path)[split].match(report)
    if not pairs:
        raise DataError("pictures with maps of their objects", "none", path=path)
    data = ObjectMaskFolder(path, pairs, names[0])
    data.gathered = listed is None
    return data
