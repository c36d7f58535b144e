"""The objects of one picture as writers need them: no column missing, every outline as it was given.

Legend: n objects, K joints, (H, W) picture.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.core.annotation import ANY_CLASS, Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.common.store import Outline, Store
from saccade.ops import rle

Array = NDArray[Any]


@dataclass(frozen=True)
class Objects:
    """n objects.

    Attributes:
        boxes: (n, 4) float32 x1, y1, x2, y2.
        labels: (n,) int64; -1 for a crowd of whatever class.
        areas: (n,) float32; as annotated, or else of the masks, or else of the boxes.
        crowd: (n,) bool.
        difficult: (n,) bool.
        outlines: n outlines; None where an object has none.
        keypoints: (n, K, 2) float32, or None.
        visible: (n, K) int64 0, 1 or 2, or None.
    """

    boxes: Array
    labels: Array
    areas: Array
    crowd: Array
    difficult: Array
    outlines: list[Outline | None]
    keypoints: Array | None = None
    visible: Array | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, chosen: Array) -> "Objects":
        """The rows of a mask (n,) bool."""
        return Objects(
            boxes=self.boxes[chosen],
            labels=self.labels[chosen],
            areas=self.areas[chosen],
            crowd=self.crowd[chosen],
            difficult=self.difficult[chosen],
            outlines=[outline for outline, keep in zip(self.outlines, chosen.tolist(), strict=True) if keep],
            keypoints=None if self.keypoints is None else self.keypoints[chosen],
            visible=None if self.visible is None else self.visible[chosen],
        )

    @property
    def ignored(self) -> Array:
        """(n,) bool, which are regions to ignore whatever is in them."""
        return self.crowd & (self.labels == ANY_CLASS)

    @property
    def jointed(self) -> Array:
        """(n,) bool, whether some joint is annotated."""
        return np.zeros(len(self), np.bool_) if self.visible is None else np.any(self.visible > 0, axis=1)


def objects_of(dataset: Dataset, index: int, truth: Annotation, size: tuple[int, int]) -> Objects | None:
    """The objects of a picture; None where nobody annotated them.

    Raises:
        DataError: Their classes, or both boxes and masks, are missing.
    """
    rows = truth.instances
    if rows is None:
        return None
    boxes = rows.masks.boxes() if rows.boxes is None and rows.masks is not None else rows.boxes
    if boxes is None or rows.labels is None:
        raise DataError("objects with classes and boxes", "neither or one", path=dataset.id(index))
    return Objects(
        boxes=boxes.numpy().astype(np.float32),
        labels=rows.labels.numpy(),
        areas=_areas(rows, boxes.numpy()),
        crowd=_flags(rows.crowd, len(boxes)),
        difficult=_flags(rows.difficult, len(boxes)),
        outlines=_outlines(dataset, index, rows, size),
        keypoints=None if rows.keypoints is None else rows.keypoints.numpy(),
        visible=None if rows.keypoints is None else _visible(rows),
    )


def largest(labels: Array, areas: Array, counted: Array) -> int | None:
    """The class of the largest object among those that count, as readers take it for that of the picture."""
    return int(labels[np.where(counted, areas, -1).argmax()]) if counted.any() else None


def _areas(rows: Instances, boxes: Array) -> Array:
    if rows.area is not None:
        return rows.area.numpy()
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas if rows.masks is None else np.where(rows.has_mask.numpy(), rows.masks.areas().numpy(), areas)


def _flags(column: Any, count: int) -> Array:
    return np.zeros(count, np.bool_) if column is None else column.numpy()


def _visible(rows: Instances) -> Array:
    assumed = np.full(rows.keypoints.shape[:2], 2, np.int64) if rows.keypoints is not None else np.zeros((0, 0))
    return assumed if rows.visible is None else rows.visible.numpy()


def _outlines(dataset: Dataset, index: int, rows: Instances, size: tuple[int, int]) -> list[Outline | None]:
    """As the data set's arrays hold them, polygons among them, or else from the masks."""
    store: Any = getattr(dataset, "store", None)
    if isinstance(store, Store) and store.shapes is not None:
        return store.outlines(index)
    if rows.masks is None:
        return [None] * len(rows)
    codes = [Outline(code["counts"].encode("ascii")) for code in rle.encode(rows.masks)]
    return [code if has else None for code, has in zip(codes, rows.has_mask.tolist(), strict=True)]
