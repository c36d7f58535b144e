"""A data set that datumaro has read: pictures by name, with what their annotations tell, in arrays.

Legend: N pictures, C classes, (H, W) picture.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.index_map import IGNORE
from saccade.data.formats.common.store import RaggedArray, Store
from saccade.ops import rle


@dataclass(frozen=True)
class DatumaroContent:
    """What the annotations of N pictures tell.

    Attributes:
        store: Objects and sizes.
        objects: Whether objects are annotated.
        marks: Classes of whole pictures, (N,) with -1 for none, or (N, C) of 0, 1 and -1, unknown; None where the
            objects alone tell them.
        pixels: Whether masks give the class of every pixel.
    """

    store: Store
    objects: bool
    marks: NDArray[Any] | None
    pixels: bool


class DatumaroDataset(ImageFiles):
    """One split of a data set that datumaro has read.

    Args:
        root: The data's folder, which names of pictures must not lead out of.
        names: Paths of the N pictures relative to `root`.
        told: What is annotated.
        classes: C names.
        joints: What the joints are, or None.
    """

    def __init__(
        self,
        root: Path,
        names: RaggedArray,
        told: DatumaroContent,
        classes: tuple[str, ...],
        joints: Joints | None = None,
    ) -> None:
        super().__init__(root, names, classes, joints)
        self.store = told.store if told.objects else None
        self._told = told

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        found = self._told.store.fields if self._told.objects else frozenset[str]()
        if self._told.marks is not None:
            found |= {"label" if self._told.marks.ndim == 1 else "labels"}
        return found | {"semantic"} if self._told.pixels else found

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        truth = self._told.store.truth(index) if self._told.objects else Annotation()
        if self._told.marks is not None:
            truth = replace(truth, **self._whole(self._told.marks[index]))
        return replace(truth, semantic=self._semantic(index)) if self._told.pixels else truth

    def declared(self, index: int) -> tuple[int, int]:
        """(H, W) of one picture."""
        return self._told.store.size(index)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of one picture: of its objects that are no crowds, and of the whole."""
        truth = frozenset(self._told.store.classes_of(index))
        if self._told.marks is None:
            return truth
        mark = self._told.marks[index]
        whole = {int(mark)} - {-1} if mark.ndim == 0 else set((mark == 1).nonzero()[0].tolist())
        return truth | whole

    def _whole(self, mark: NDArray[Any]) -> dict[str, Tensor | None]:
        if mark.ndim:
            return {"labels": torch.from_numpy(mark.astype(np.int64))}
        return {"label": None if mark < 0 else torch.tensor(int(mark))}

    def _semantic(self, index: int) -> Tensor | None:
        """(H, W) classes that the masks paint; None where the picture has none."""
        rows, size = self._told.store.rows(index), self._told.store.size(index)
        outlines = self._told.store.outlines(index)
        if not any(outline is not None and outline.code for outline in outlines):
            return None
        classes = torch.full(size, IGNORE)
        for outline, label in zip(outlines, self._told.store.labels[rows].tolist(), strict=True):
            if outline is not None and outline.code:
                classes[rle.decode([outline.code], size).dense()[0]] = label
        return classes


def covers(masks: list[tuple[bytes, int]], size: tuple[int, int]) -> bool:
    """Whether masks give each pixel of a picture one class.

    Args:
        masks: Run lengths and class of each.
        size: (H, W) of the picture.
    """
    classes = np.full(size, -1)
    for code, label in masks:
        mask = rle.decode([code], size).dense()[0].numpy()
        if ((classes[mask] >= 0) & (classes[mask] != label)).any():
            return False
        classes[mask] = label
    return bool((classes >= 0).all())
