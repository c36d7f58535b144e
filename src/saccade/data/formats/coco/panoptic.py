"""COCO's panoptic form: a PNG for each picture whose colours number segments, and a document that says what they are.

Legend: N pictures, S segments of all pictures, C classes.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.formats.coco.panoptic_document import Document, read_panoptic
from saccade.data.formats.coco.reader import split_of
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.index_map import IGNORE, read_values
from saccade.data.formats.common.packing import pack_names
from saccade.data.formats.common.split_names import canonical, one_each
from saccade.data.formats.common.store import states_of

EVIDENCE = "annotations/panoptic_SPLIT.json beside panoptic_SPLIT/*.png (COCO panoptic)"
_BRIGHTNESS = np.array([1, 256, 65536])


class Panoptic(ImageFiles):
    """One split: the class of every pixel, and the things with their masks. Pixels of no segment are ignored.

    Args:
        root: The data's folder.
        document: What the document says.
    """

    def __init__(self, root: Path, document: Document) -> None:
        super().__init__(root, document.names, document.classes)
        self._document, self._segments = document, document.segments

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        columns = ("boxes", "labels", "masks", "area", "crowd")
        return frozenset({"semantic", "label", "labels", *(f"instances.{name}" for name in columns)})

    def declared(self, index: int) -> tuple[int, int]:
        """(H, W) as the document declares it."""
        height, width = self._document.sizes[index].tolist()
        return height, width

    def truth(self, index: int) -> Annotation:
        """What one picture shows.

        Raises:
            DataError: The PNG cannot be read, is of another size than declared, or shows a segment that is not listed,
                or lacks one that is.
        """
        rows = self._segments.rows(index)
        numbers, labels = self._segments.numbers[rows], self._segments.labels[rows]
        crowd = self._segments.crowd[rows]
        values = self._values(index, numbers)
        semantic = np.full(values.shape, IGNORE, np.int64)
        order, shown = np.argsort(numbers), values > 0
        semantic[shown] = labels[order][np.searchsorted(numbers[order], values[shown])]
        states = states_of(labels, crowd, len(self.classes))
        thing = self._segments.things[labels]
        masks = Masks.from_dense(torch.from_numpy(values[None] == numbers[thing][:, None, None]))
        areas = masks.areas().float()
        single = areas.where(torch.from_numpy(~crowd[thing]), -1)
        kinds = torch.from_numpy(labels[thing])
        return Annotation(
            label=kinds[single.argmax()] if len(single) and single.max() >= 0 else None,
            labels=torch.from_numpy(states),
            instances=Instances(
                boxes=masks.boxes(), labels=kinds, masks=masks, area=areas, crowd=torch.from_numpy(crowd[thing])
            ),
            semantic=torch.from_numpy(semantic),
        )

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The PNG of one picture's segments."""
        return (self.root / self._document.maps.text(index),)

    def packed(self, index: int) -> bytes:
        """What document and PNG say of one picture, as bytes that change when they do."""
        rows = self._segments.rows(index)
        labels, crowd = self._segments.labels[rows], self._segments.crowd[rows]
        said = pack_names(labels.tolist(), self.classes) + self._segments.numbers[rows].tobytes() + crowd.tobytes()
        return said + super().packed(index)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of one picture's segments that are no crowds."""
        rows = self._segments.rows(index)
        return frozenset(self._segments.labels[rows][~self._segments.crowd[rows]].tolist())

    def _values(self, index: int, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """(H, W) the number of each pixel's segment, 0 for none."""
        path = self.root / self._document.maps.text(index)
        colours = read_values(path, self.declared(index), palette=True)
        values = colours.astype(np.int64) if colours.ndim == 2 else colours.astype(np.int64) @ _BRIGHTNESS
        found = set(np.unique(values).tolist()) - {0}
        if found != set(numbers.tolist()):
            odd = sorted(found ^ set(numbers.tolist()))[:8]
            raise DataError(
                f"the {len(numbers)} segments that are listed",
                f"a difference in {odd}",
                path=path,
                cure="list the segments that the PNG shows, or restore the PNG that belongs to the document",
            )
        return values


def splits(path: Path) -> list[str]:
    """The splits of a folder of this format; empty where it is none."""
    return list(_documents(path))


def _documents(path: Path) -> dict[str, Path]:
    if path.is_file():
        return {canonical(split_of(path)): path} if path.name.startswith("panoptic") and path.suffix == ".json" else {}
    files = sorted(path.glob("annotations/panoptic_*.json")) or sorted(path.glob("panoptic_*.json"))
    return one_each(path, ((split_of(file), file) for file in files), "document")


def open_panoptic(path: Path, split: str, report: Report = strict) -> Panoptic:
    """One split, by a name of `splits`.

    Args:
        path: The data's folder, or one document.
        split: Which part.
        report: Told of every defect of the document; by default the first one is raised.

    Raises:
        DataError: The document is at fault, or files are missing.
    """
    file = _documents(path)[split]
    root = path if path.is_dir() else (file.parent.parent if file.parent.name == "annotations" else file.parent)
    read = read_panoptic(root, file, split, report)
    return Panoptic(root, read)
