"""The objects of one split in arrays, whatever data set they come from.

Legend: N pictures, M objects, K joints.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.core.annotation import ANY_CLASS
from saccade.core.dataset import Dataset
from saccade.data.datasets.picture import size_of
from saccade.data.formats.common.origin import Origin
from saccade.data.formats.common.store import Array, Shapes, Store, starts_of


@dataclass(frozen=True)
class Objects:
    """M objects of N pictures.

    Attributes:
        sizes: (N, 2) H, W.
        starts: (N + 1,) where each picture's objects begin.
        boxes: (M, 4) float32, inside their pictures.
        labels: (M,); -1 for a crowd of whatever class.
        crowd: (M,) bool.
        keypoints: (M, K, 2), or None.
        visible: (M, K), or None.
        shapes: Outlines, or None.
        origin: Where the objects are written, or None.
    """

    sizes: Array
    starts: NDArray[np.int64]
    boxes: Array
    labels: Array
    crowd: Array
    keypoints: Array | None = None
    visible: Array | None = None
    shapes: Shapes | None = None
    origin: Origin | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def pictures(self) -> NDArray[np.int64]:
        """(M,) the picture of each object."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def picture(self, row: int) -> int:
        """The picture of one object."""
        return int(np.searchsorted(self.starts, row, "right")) - 1

    @property
    def ignored(self) -> NDArray[np.bool_]:
        """(M,) which are regions to ignore whatever is in them."""
        return self.crowd & (self.labels == ANY_CLASS)

    def unknown(self, classes: int) -> NDArray[np.bool_]:
        """(M,) whose labels are none of so many classes."""
        return ((self.labels < 0) | (self.labels >= classes)) & ~self.ignored

    @property
    def sides(self) -> Array:
        """(M, 2) width and height of each box."""
        return self.boxes[:, 2:] - self.boxes[:, :2]

    @property
    def limits(self) -> Array:
        """(M, 2) width and height of each object's picture."""
        return self.sizes[self.pictures][:, ::-1]

    def given(self) -> Array:
        """(M, 4) the boxes as they were before they were cut off at the pictures' edges."""
        if self.origin is None or not len(self.origin.cut):
            return self.boxes
        boxes = self.boxes.copy()
        boxes[self.origin.cut] = self.origin.given
        return boxes


def objects_of(dataset: Dataset) -> Objects | None:
    """The objects of a data set; None where it annotates no boxes."""
    store: Any = getattr(dataset, "store", None)
    if isinstance(store, Store):
        return _stored(store, getattr(dataset, "origin", None))
    return _collected(dataset) if "instances.boxes" in dataset.fields else None


def _stored(store: Store, origin: Origin | None) -> Objects:
    return Objects(
        store.sizes,
        store.starts,
        store.boxes,
        store.labels,
        store.crowd,
        store.keypoints,
        store.visible,
        store.shapes,
        origin,
    )


def _collected(dataset: Dataset) -> Objects:
    """Those of a data set that keeps no arrays, picture by picture."""
    boxes: list[Array] = []
    labels: list[Array] = []
    crowd: list[Array] = []
    for index in range(len(dataset)):
        rows = dataset.truth(index).instances
        if rows is None or rows.boxes is None:
            boxes.append(np.zeros((0, 4), np.float32))
            labels.append(np.zeros(0, np.int64))
            crowd.append(np.zeros(0, np.bool_))
            continue
        count = len(rows)
        boxes.append(rows.boxes.numpy())
        labels.append(np.zeros(count, np.int64) if rows.labels is None else rows.labels.numpy())
        crowd.append(np.zeros(count, np.bool_) if rows.crowd is None else rows.crowd.numpy())
    return Objects(
        sizes=np.array([size_of(dataset, index) for index in range(len(dataset))]).reshape(-1, 2),
        starts=starts_of(map(len, boxes)),
        boxes=np.concatenate([np.zeros((0, 4), np.float32), *boxes]),
        labels=np.concatenate([np.zeros(0, np.int64), *labels]),
        crowd=np.concatenate([np.zeros(0, np.bool_), *crowd]),
    )
