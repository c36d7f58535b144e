"""Annotations of a whole data set in flat arrays, so that loader workers share them instead of copying.

A worker that touches a Python object writes its reference count, and so copies the page that holds it: lists of a
million boxes grow with every epoch and worker. Arrays are touched by nobody.

Legend: N pictures, M instances of all pictures, K joints.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import ANY_CLASS, Annotation, Instances
from saccade.core.masks import Masks
from saccade.data.formats.common.packing import pack_names
from saccade.ops import rle

Array = NDArray[Any]


@dataclass(frozen=True)
class RaggedArray:
    """Rows of different lengths in one array.

    Attributes:
        values: All rows, one after the other.
        starts: (rows + 1,) int64, where each begins, and the end.
    """

    values: Array
    starts: NDArray[np.int64]

    @staticmethod
    def of(rows: Sequence[Array], dtype: Any) -> "RaggedArray":
        """The rows, copied into one array of `dtype`."""
        values = np.concatenate([np.zeros(0, dtype), *rows]).astype(dtype, copy=False)
        return RaggedArray(values, starts_of(len(row) for row in rows))

    @staticmethod
    def of_bytes(rows: Sequence[bytes]) -> "RaggedArray":
        """The rows as uint8."""
        return RaggedArray(np.frombuffer(b"".join(rows), np.uint8), starts_of(len(row) for row in rows))

    @staticmethod
    def of_text(rows: Sequence[str]) -> "RaggedArray":
        """The rows in UTF-8; names of files that are none keep their bytes."""
        return RaggedArray.of_bytes([row.encode("utf-8", "surrogateescape") for row in rows])

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> Array:
        return self.values[self.starts[row] : self.starts[row + 1]]

    def raw(self, row: int) -> bytes:
        """One row of uint8 as bytes."""
        return self[row].tobytes()

    def text(self, row: int) -> str:
        """One row of uint8 as text."""
        return self.raw(row).decode("utf-8", "surrogateescape")


def starts_of(lengths: Iterable[int]) -> NDArray[np.int64]:
    """Where rows of the given lengths begin, and the end: (rows + 1,) int64."""
    return np.cumsum(np.fromiter((0, *lengths), np.int64))


@dataclass(frozen=True)
class Outline:
    """The outline of one instance, as it was given.

    Attributes:
        code: Compressed run lengths; empty where there are polygons.
        polygons: x1, y1, x2, y2 … each, float64; together they are the one instance.
    """

    code: bytes = b""
    polygons: tuple[Array, ...] = ()

    def compressed(self, size: tuple[int, int]) -> bytes:
        """Compressed run lengths, in a picture of `size` (H, W)."""
        return self.code or rle.rasterise(self.polygons, size)


@dataclass(frozen=True)
class Shapes:
    """The outlines of M instances, as they were given.

    Attributes:
        codes: M compressed run lengths; an empty row where there are polygons, or nothing.
        polygons: Points x1, y1, x2, y2 … of all polygons, float64.
        parts: (M + 1,) int64, where each instance's polygons begin among all.
    """

    codes: RaggedArray
    polygons: RaggedArray
    parts: NDArray[np.int64]

    def text(self, row: int, size: tuple[int, int]) -> bytes | None:
        """Compressed run lengths of one instance of a picture of `size` (H, W); None where it has no outline."""
        outline = self.outline(row)
        return None if outline is None else outline.compressed(size)

    @cached_property
    def given(self) -> Array:
        """(M,) bool, which instances have an outline."""
        return (np.diff(self.codes.starts) > 0) | (np.diff(self.parts) > 0)

    def outline(self, row: int) -> Outline | None:
        """The outline of one instance; None where it has none."""
        polygons = tuple(self.polygons[part] for part in range(self.parts[row], self.parts[row + 1]))
        code = self.codes.raw(row)
        return Outline(code, polygons) if code or polygons else None


@dataclass(frozen=True)
class Store:
    """The objects of N pictures.

    Attributes:
        sizes: (N, 2) int32 H, W.
        starts: (N + 1,) int64, where each picture's instances begin.
        boxes: (M, 4) float32 x1, y1, x2, y2.
        labels: (M,) int32; -1 for a crowd of whatever class.
        area: (M,) float32.
        crowd: (M,) bool.
        keypoints: (M, K, 2) float32, or None.
        visible: (M, K) uint8, or None.
        shapes: Outlines, or None.
        difficult: (M,) bool, or None.
        classes: C, for the classes of whole pictures; 0 where they are not told.
    """

    sizes: Array
    starts: NDArray[np.int64]
    boxes: Array
    labels: Array
    area: Array
    crowd: Array
    keypoints: Array | None = None
    visible: Array | None = None
    shapes: Shapes | None = None
    difficult: Array | None = None
    classes: int = 0

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the fields that `truth` fills in some picture."""
        names = ["boxes", "labels", "area", "crowd"]
        names += ["masks"] if self.shapes is not None else []
        names += ["masked"] if self._is_partly_masked else []
        names += ["keypoints", "visible"] if self.keypoints is not None else []
        names += ["difficult"] if self.difficult is not None else []
        whole = ["label", "labels"] if self.classes else ["label"]
        return frozenset({*whole, *(f"instances.{name}" for name in names)})

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of a picture, as declared."""
        height, width = self.sizes[index].tolist()
        return height, width

    def rows(self, index: int) -> slice:
        """Where a picture's instances are."""
        return slice(int(self.starts[index]), int(self.starts[index + 1]))

    @cached_property
    def _is_partly_masked(self) -> bool:
        """Whether in some picture some objects have outlines and others have none."""
        if self.shapes is None:
            return False
        before = np.concatenate([[0], np.cumsum(self.shapes.given)])
        outlined = np.diff(before[self.starts])
        return bool(((outlined > 0) & (outlined < np.diff(self.starts))).any())

    def truth(self, index: int) -> Annotation:
        """What a picture shows; masks are drawn now. A picture has masks if one of its objects has an outline."""
        rows = self.rows(index)
        label, (masks, masked) = self.label(index), self._masks(index)
        return Annotation(
            label=None if label is None else torch.tensor(label),
            labels=torch.from_numpy(self.states(index)) if self.classes else None,
            instances=Instances(
                boxes=torch.from_numpy(self.boxes[rows].copy()),
                labels=torch.from_numpy(self.labels[rows].astype(np.int64)),
                masks=masks,
                masked=masked,
                keypoints=None if self.keypoints is None else torch.from_numpy(self.keypoints[rows].copy()),
                visible=None if self.visible is None else torch.from_numpy(self.visible[rows].astype(np.int64)),
                area=torch.from_numpy(self.area[rows].copy()),
                crowd=torch.from_numpy(self.crowd[rows].copy()),
                difficult=None if self.difficult is None else torch.from_numpy(self.difficult[rows].copy()),
            ),
        )

    def packed(self, index: int, classes: Sequence[str]) -> bytes:
        """What is annotated of a picture, as bytes that change when it does; classes go by their C names."""
        rows = self.rows(index)
        columns = (self.boxes, self.area, self.crowd, self.keypoints, self.visible, self.difficult)
        parts = [self.sizes[index].tobytes(), pack_names(self.labels[rows].tolist(), classes)]
        parts += [column[rows].tobytes() for column in columns if column is not None]
        if self.shapes is not None and self.shapes.given[rows].any():
            codes, polygons = self.shapes.codes, self.shapes.polygons
            inner = slice(int(self.shapes.parts[rows.start]), int(self.shapes.parts[rows.stop]))
            parts.append(codes.values[codes.starts[rows.start] : codes.starts[rows.stop]].tobytes())
            parts.append(polygons.values[polygons.starts[inner.start] : polygons.starts[inner.stop]].tobytes())
        return b"\0".join(parts)

    def outlines(self, index: int) -> list[Outline | None]:
        """The outlines of a picture's instances as they were given, also where some have none."""
        rows = self.rows(index)
        return [None if self.shapes is None else self.shapes.outline(row) for row in range(rows.start, rows.stop)]

    def label(self, index: int) -> int | None:
        """Class of the largest object that is no crowd; None where there is none."""
        rows = self.rows(index)
        area = np.where(self.crowd[rows], -1, self.area[rows])
        return int(self.labels[rows][area.argmax()]) if len(area) and area.max() >= 0 else None

    def states(self, index: int) -> NDArray[np.int64]:
        """(C,) 1 where an object of the class is there, 0 where none is, -1 where crowds or difficult ones alone are.

        VOC's classification challenge judges so: of a picture with a difficult object nobody asks for its class. A
        crowd of whatever class may hide objects of all.
        """
        rows = self.rows(index)
        unsure = self.crowd[rows] if self.difficult is None else self.crowd[rows] | self.difficult[rows]
        return states_of(self.labels[rows], unsure, self.classes)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of a picture's objects that are no crowds."""
        rows = self.rows(index)
        return frozenset(self.labels[rows][~self.crowd[rows]].tolist())

    def _masks(self, index: int) -> tuple[Masks | None, torch.Tensor | None]:
        """The masks of a picture's objects, and which of them have one, where not all do."""
        if self.shapes is None:
            return None, None
        size, rows = self.size(index), self.rows(index)
        given = self.shapes.given[rows]
        if len(given) and not given.any():
            return None, None
        nothing = rle.compress([size[0] * size[1]], size)
        texts = [self.shapes.text(row, size) or nothing for row in range(rows.start, rows.stop)]
        return rle.decode(texts, size), None if given.all() else torch.from_numpy(given.copy())


def states_of(labels: Array, unsure: Array, classes: int) -> NDArray[np.int64]:
    """(C,) whether a picture shows each class: 1 where an object does, 0 where none does, -1 where nobody can say.

    Args:
        labels: (n,) of the objects; -1 for one of whatever class.
        unsure: (n,) bool, which of them alone leave open whether their class is there.
        classes: C.
    """
    states = np.full(classes, -1 if (labels == ANY_CLASS).any() else 0, np.int64)
    states[labels[unsure & (labels != ANY_CLASS)]] = -1
    states[labels[~unsure]] = 1
    return states
