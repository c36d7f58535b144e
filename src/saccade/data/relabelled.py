"""A data set under other classes: some dropped, some merged, all in another order.

Legend: C old classes, D new ones; pixels and contours have vocabularies of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.core.vocabulary import UNTOLD_CONTOURS, Vocabularies
from saccade.data.subset import Subset

IGNORE = 255


class Relabelled(Subset):
    """Chosen pictures of a data set, labelled anew.

    Objects of dropped classes go, and pixels of theirs become 255, which is ignored. Of new classes that no old one
    becomes, pictures say nothing: `labels` is -1 there.

    Args:
        dataset: Where the pictures come from.
        indices: Their places there.
        into: The new name of each old class that stays, of whatever vocabulary; several may have one name.
        vocabularies: The new names.
    """

    def __init__(
        self, dataset: Dataset, indices: Sequence[int], into: Mapping[str, str], vocabularies: Vocabularies
    ) -> None:
        super().__init__(dataset, indices)
        self._vocabularies, old = vocabularies, dataset.vocabularies
        self._new = _table(old.get("instances", ()), into, vocabularies.get("instances", ()), -1)
        # One place more than there are classes, for marks such as 255 that are no class.
        self._pixels = _table([*old.get("semantic", ()), ""], into, vocabularies.get("semantic", ()), IGNORE)
        self._members = _members(self._new, vocabularies.get("instances", ()))
        # Lines that people drew, whatever they bound, are of no class.
        self._lines = (
            None
            if old.get("contours", UNTOLD_CONTOURS) == UNTOLD_CONTOURS
            else _members(
                _table(old["contours"], into, vocabularies.get("contours", ()), -1), vocabularies.get("contours", ())
            )
        )

    @property
    def classes(self) -> Sequence[str]:
        """The new names."""
        return self._vocabularies.main

    @property
    def vocabularies(self) -> Vocabularies:
        """The new names of each field."""
        return self._vocabularies

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        return self.dataset.fields if self._all_drawn() else self.dataset.fields - {"contours"}

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        return replace(sample, truth=self._relabel(sample.truth))

    def truth(self, index: int) -> Annotation:
        """What one picture shows, of the new classes."""
        return self._relabel(super().truth(index))

    def classes_of(self, index: int) -> frozenset[int]:
        """New classes that one picture shows."""
        old = [int(label) for label in super().classes_of(index)]
        table, dropped = (self._new, -1) if len(self._new) else (self._pixels, IGNORE)
        # Maps show classes beyond those of objects, such as background, which pictures are not chosen by.
        found = [int(table[label]) for label in old if label < len(table)]
        return frozenset(new for new in found if new != dropped)

    def _relabel(self, truth: Annotation) -> Annotation:
        rows = None if truth.instances is None else self._rows(truth.instances)
        return replace(
            truth,
            label=self._label(truth.label, rows),
            labels=None if truth.labels is None else self._states(truth.labels),
            instances=rows,
            semantic=None if truth.semantic is None else self._pixels[truth.semantic.clamp(max=len(self._pixels) - 1)],
            contours=self._contours(truth.contours),
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

    def _contours(self, contours: Tensor | None) -> Tensor | None:
        """(D, H, W) of (C, H, W); None where a new class was not drawn."""
        if contours is None or self._lines is None:
            return contours
        return torch.stack([contours[own].amax(0) for own in self._lines]) if self._all_drawn() else None

    def _all_drawn(self) -> bool:
        """Whether each new class of contours is made of some old one."""
        return self._lines is None or bool(self._lines.any(1).all())


def _members(new: Tensor, names: Sequence[str]) -> Tensor:
    """(D, C) bool: which old classes each new one is made of."""
    return new == torch.arange(len(names))[:, None]


def _table(old: Sequence[str], into: Mapping[str, str], new: Sequence[str], dropped: int) -> Tensor:
    """The new place of each old name."""
    places = {name: place for place, name in enumerate(new)}
    return torch.tensor([places.get(into.get(str(name), ""), dropped) for name in old], dtype=torch.int64)
