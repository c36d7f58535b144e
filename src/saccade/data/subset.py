"""Parts of a data set: chosen pictures, or chosen classes."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset, Joints
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.data.picture import classes_of, size_of

IGNORE = 255


class Subset:
    """Chosen pictures of a data set, in the order given.

    Args:
        dataset: Where the pictures come from.
        indices: Their places there.
    """

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = torch.as_tensor(indices, dtype=torch.int64).numpy()

    @property
    def classes(self) -> Sequence[str]:
        """C names."""
        return self.dataset.classes

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        return self.dataset.fields

    @property
    def joints(self) -> Joints | None:
        """What the joints are, or None."""
        return self.dataset.joints

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Sample:
        return self.dataset[int(self.indices[index])]

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return self.dataset.truth(int(self.indices[index]))

    def id(self, index: int) -> str:
        """The name of one picture."""
        return self.dataset.id(int(self.indices[index]))

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, int(self.indices[index]))

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture shows."""
        return classes_of(self.dataset, int(self.indices[index]))


class _Relabelled(Subset):
    """Pictures whose annotations keep some classes only."""

    def __init__(self, dataset: Dataset, indices: Sequence[int], kept: Sequence[int]) -> None:
        super().__init__(dataset, indices)
        # One place more than there are classes, for marks such as 255 that are no class.
        self._new = torch.full((len(dataset.classes) + 1,), -1, dtype=torch.int64)
        self._new[list(kept)] = torch.arange(len(kept))
        self._names = tuple(str(dataset.classes[old]) for old in kept)
        self._kept = torch.tensor(list(kept), dtype=torch.int64)

    @property
    def classes(self) -> Sequence[str]:
        """The kept names."""
        return self._names

    def __getitem__(self, index: int) -> Sample:
        sample = super().__getitem__(index)
        return replace(sample, truth=self._relabel(sample.truth))

    def truth(self, index: int) -> Annotation:
        """What one picture shows, of the kept classes."""
        return self._relabel(super().truth(index))

    def classes_of(self, index: int) -> frozenset[int]:
        """Kept classes that one picture shows."""
        found = [int(self._new[old]) for old in super().classes_of(index)]
        return frozenset(new for new in found if new >= 0)

    def _relabel(self, truth: Annotation) -> Annotation:
        rows = truth.instances
        kept_rows = None if rows is None else self._rows(rows)
        return replace(
            truth,
            label=self._label(truth.label, kept_rows),
            labels=None if truth.labels is None else truth.labels[self._kept],
            instances=kept_rows,
            semantic=None if truth.semantic is None else self._semantic(truth.semantic),
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

    def _semantic(self, semantic: Tensor) -> Tensor:
        new = self._new[semantic.clamp(max=len(self._new) - 1)]
        return new.where(new >= 0, IGNORE)


def class_subset(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The pictures that show some of the named classes, with annotations of those alone, labelled in the order given.

    Pixels and objects of other classes are dropped; pixels become 255, which is ignored.

    Raises:
        ConfigError: A name is unknown or repeated, or no picture shows any of the classes.
    """
    known = list(dataset.classes)
    unknown = [name for name in names if name not in known]
    if unknown or len(set(names)) != len(names) or not names:
        raise ConfigError(
            f"classes among {', '.join(known)}, once each, are expected, found {', '.join(unknown or names) or 'none'}"
        )
    kept = [known.index(name) for name in names]
    indices = [index for index in range(len(dataset)) if classes_of(dataset, index) & frozenset(kept)]
    if not indices:
        raise ConfigError(f"pictures that show {' or '.join(names)} are expected, found none")
    return _Relabelled(dataset, indices, kept)
