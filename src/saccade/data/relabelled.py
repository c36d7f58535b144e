"""A data set under other classes: some dropped, some merged, all in another order.

Legend: C old classes, D new ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.picture import contours_by_class, semantic_classes_of
from saccade.data.subset import Subset

IGNORE = 255


class Relabelled(Subset):
    """Chosen pictures of a data set, labelled anew.

    Objects of dropped classes go, and pixels of theirs become 255, which is ignored. Of new classes that no old one
    becomes, pictures say nothing: `labels` is -1 there.

    Args:
        dataset: Where the pictures come from.
        indices: Their places there.
        into: The new name of each old class that stays; several may have one name. Names of pixels' classes too.
        classes: D new names.
        semantic: Names of the pixels' new classes; the D names where they are the same.
    """

    def __init__(
        self,
        dataset: Dataset,
        indices: Sequence[int],
        into: Mapping[str, str],
        classes: Sequence[str],
        semantic: Sequence[str] = (),
    ) -> None:
        super().__init__(dataset, indices)
        self._names, self._semantic_names = tuple(classes), tuple(semantic or classes)
        self._new = _table(dataset.classes, into, self._names, -1)
        # One place more than there are classes, for marks such as 255 that are no class.
        self._pixels = _table([*semantic_classes_of(dataset), ""], into, self._semantic_names, IGNORE)
        self._members = self._new == torch.arange(len(self._names))[:, None]  # (D, C)
        self._lines = contours_by_class(dataset)

    @property
    def classes(self) -> Sequence[str]:
        """The new names."""
        return self._names

    @property
    def semantic_classes(self) -> Sequence[str]:
        """Names of the pixels' new classes."""
        return self._semantic_names

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        known = not self._lines or self._all_known()
        return self.dataset.fields if known else self.dataset.fields - {"contours"}

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        return replace(sample, truth=self._relabel(sample.truth))

    def truth(self, index: int) -> Annotation:
        """What one picture shows, of the new classes."""
        return self._relabel(super().truth(index))

    def classes_of(self, index: int) -> frozenset[int]:
        """New classes that one picture shows."""
        old = [int(label) for label in super().classes_of(index)]
        # Maps show classes beyond those of objects, such as background, which pictures are not chosen by.
        found = [int(self._new[label]) for label in old if label < len(self._new)]
        return frozenset(new for new in found if new >= 0)

    def _relabel(self, truth: Annotation) -> Annotation:
        rows = None if truth.instances is None else self._rows(truth.instances)
        return replace(
            truth,
            label=self._label(truth.label, rows),
            labels=None if truth.labels is None else self._states(truth.labels),
            instances=rows,
            semantic=None if truth.semantic is None else self._pixels[truth.semantic.clamp(max=len(self._pixels) - 1)],
            contours=self._contours(truth.contours) if self._lines and truth.contours is not None else truth.contours,
        )

    def _rows(self, rows: Instances) -> Instances:
        if rows.labels is None:
            return rows
        kept = rows[self._new[rows.labels] >= 0]
        return replace(kept, labels=self._new[kept.labels])

    def _label(self, label: Tensor | None, rows: Instances | None) -> Tensor | None:
        """The new class of the picture; where that is dropped, the class of the largest object left."""
        if label is None or self._new[label] >= 0:
            return None if label is None else self._new[label]
        if rows is None or rows.labels is None or rows.area is None:
            return None
        sought = rows.area if rows.crowd is None else rows.area.where(~rows.crowd, -1)
        return rows.labels[sought.argmax()] if len(sought) and sought.max() >= 0 else None

    def _states(self, labels: Tensor) -> Tensor:
        """(D,) present where any merged class is, else unknown where any is, or where there is none."""
        present = (self._members & (labels == 1)).any(1)
        unknown = (self._members & (labels == -1)).any(1) | ~self._members.any(1)
        return torch.where(present, 1, torch.where(unknown, -1, 0))

    def _contours(self, contours: Tensor) -> Tensor | None:
        """(D, H, W) of (C, H, W); None where a new class was not drawn."""
        return torch.stack([contours[own].amax(0) for own in self._members]) if self._all_known() else None

    def _all_known(self) -> bool:
        return bool(self._members.any(1).all())


def _table(old: Sequence[str], into: Mapping[str, str], new: Sequence[str], dropped: int) -> Tensor:
    """The new place of each old name."""
    places = {name: place for place, name in enumerate(new)}
    return torch.tensor([places.get(into.get(str(name), ""), dropped) for name in old], dtype=torch.int64)
