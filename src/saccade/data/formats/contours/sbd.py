"""SBD, Semantic Boundaries: VOC's pictures with the pixels, the objects and the contours of twenty classes.

``cls/NAME.mat`` holds GTcls (Segmentation, and Boundaries: a sparse map a class), ``inst/NAME.mat`` GTinst
(Segmentation, and Categories of its numbers).
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.index_map import IGNORE, to_classes
from saccade.data.formats.common.stems import listings, pairs
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.voc.pixels import BACKGROUND
from saccade.safe_io.documents.mat_file import dense, load_mat

EVIDENCE = "cls/*.mat beside img/ (SBD)"
CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
_MAT_BYTES = 2**26


class Sbd(ImageFiles):
    """One split of pictures with classes of pixels, contours a class, and objects where ``inst`` has them.

    Args:
        root: The data's folder, from which identifiers are counted.
        truths: The MATLAB file of each picture in ``cls``.
        objects: Whether there are files in ``inst`` too.
    """

    def __init__(self, root: Path, truths: dict[Path, Path], objects: bool) -> None:
        names = RaggedArray.of_text([path.relative_to(root).as_posix() for path in truths])
        classes = {"instances": CLASSES, "semantic": (*CLASSES, BACKGROUND), "contours": CLASSES}
        super().__init__(root, names, classes)
        self._stems = RaggedArray.of_text([path.stem for path in truths.values()])
        self._objects = objects

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        columns = ("boxes", "labels", "masks", "area", "crowd") if self._objects else ()
        whole = ("label",) if self._objects else ()
        return frozenset({"semantic", "contours", "labels", *whole, *(f"instances.{name}" for name in columns)})

    def truth(self, index: int) -> Annotation:
        """What one picture shows; contours are (20, H, W).

        Raises:
            DataError: A MATLAB file cannot be read, or is not of the picture's size.
        """
        size = self.size(index)
        path = self._file("cls", index)
        record = _record(path, "GTcls")
        values = _segmentation(path, record, size)
        numbers = {0: len(CLASSES), IGNORE: IGNORE} | {label + 1: label for label in range(len(CLASSES))}
        rows = self._rows(index, size) if self._objects else None
        return Annotation(
            label=_label(rows),
            labels=_present(values),
            instances=rows,
            semantic=to_classes(path, values, numbers, {}),
            contours=torch.from_numpy(_contours(path, record, size)).float(),
        )

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The files of one picture's pixels and objects."""
        return tuple(self._file(folder, index) for folder in ("cls", "inst")[: 1 + self._objects])

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of one picture's pixels."""
        path = self._file("cls", index)
        values = _segmentation(path, _record(path, "GTcls"), None)
        return frozenset(_present(values).nonzero().flatten().tolist())

    def _rows(self, index: int, size: tuple[int, int]) -> Instances:
        path = self._file("inst", index)
        record = _record(path, "GTinst")
        values = _segmentation(path, record, size)
        labels = np.asarray(record["Categories"], np.int64).ravel() - 1
        found = [number for number in np.unique(values).tolist() if number not in (0, IGNORE)]
        if found and (found[-1] > len(labels) or labels.min() < 0 or labels.max() >= len(CLASSES)):
            raise DataError(f"a class from 1 to {len(CLASSES)} of each of {found[-1]} objects", labels + 1, path=path)
        masks = Masks.from_dense(torch.from_numpy(values[None] == np.array(found)[:, None, None]))
        return Instances(
            boxes=masks.boxes(),
            labels=torch.from_numpy(labels[np.array(found, np.int64) - 1]),
            masks=masks,
            area=masks.areas().float(),
            crowd=torch.zeros(len(found), dtype=torch.bool),
        )

    def _file(self, folder: str, index: int) -> Path:
        return self.root / folder / f"{self._stems.text(index)}.mat"


def _label(rows: Instances | None) -> torch.Tensor | None:
    """The class of the largest object."""
    if rows is None or rows.labels is None or rows.area is None or not len(rows):
        return None
    return rows.labels[rows.area.argmax()]


def _record(path: Path, name: str) -> Any:
    """The one structure of a file."""
    record: Any = load_mat(path, _MAT_BYTES, sparse=True).get(name)
    names = getattr(getattr(record, "dtype", None), "names", None) or ()
    other = "Boundaries" if name == "GTcls" else "Categories"
    if not {"Segmentation", other} <= set(names) or record.size != 1:
        raise DataError(f"a structure {name} with Segmentation and {other}", "none", path=path)
    return record.ravel()[0]


def _segmentation(path: Path, record: Any, size: tuple[int, int] | None) -> NDArray[Any]:
    values: Any = record["Segmentation"]
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.dtype.kind not in "ui":
        raise DataError("a map Segmentation of whole numbers", "none", path=path)
    if size is not None and values.shape != size:
        found = f"{values.shape[1]}x{values.shape[0]}"
        raise DataError(
            f"a map of {size[1]}x{size[0]}, the size of the picture",
            found,
            path=path,
            cure="the file may belong to another picture",
        )
    return values


def _present(values: NDArray[Any]) -> torch.Tensor:
    """(20,) 1 where a pixel of the class is there."""
    return torch.from_numpy(np.isin(np.arange(1, len(CLASSES) + 1), values).astype(np.int64))


def _contours(path: Path, record: Any, size: tuple[int, int]) -> NDArray[np.bool_]:
    """(20, H, W)."""
    cells: Any = record["Boundaries"]
    maps = [dense(cell) for cell in cells.ravel()] if isinstance(cells, np.ndarray) and cells.dtype == object else []
    if len(maps) != len(CLASSES) or any(one is None or one.shape != size for one in maps):
        raise DataError(
            f"{len(CLASSES)} maps Boundaries of {size[1]}x{size[0]}",
            f"{len(maps)} or others",
            path=path,
            cure="the file may be damaged, or belong to another picture",
        )
    return np.stack([one for one in maps if one is not None])


def _folder(path: Path) -> Path:
    """The folder that holds cls: the path itself, or that of the authors' archive below it."""
    below = ("", "dataset", "benchmark_RELEASE/dataset")
    return next((path / name for name in below if (path / name / "cls").is_dir()), path)


def splits(path: Path) -> list[str]:
    """The splits of a folder of this format; empty where it is none."""
    root = _folder(path)
    if not (root / "img").is_dir() or not any((root / "cls").glob("*.mat")):
        return []
    return list(listings(root)) or ["train"]


def open_sbd(path: Path, split: str, report: Report = strict) -> Sbd:
    """One split, by a name of `splits`.

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of listed names without files; by default the first is raised.

    Raises:
        DataError: The data are at fault.
    """
    root = _folder(path)
    found = pairs(root / "cls", root / "img", listings(root).get(split), report)
    if not found:
        raise DataError("pictures with classes of pixels", "none", path=root / "img")
    return Sbd(root, found, objects=(root / "inst").is_dir())
