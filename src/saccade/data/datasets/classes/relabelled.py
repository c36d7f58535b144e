"""A data set under other classes: some dropped, some merged, all in another order.

Legend: C old classes, D new ones; pixels and contours have vocabularies of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import ANY_CLASS, Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.core.vocabulary import UNTOLD_CONTOURS, Vocabularies
from saccade.data.datasets.by_window import ClassesByWindow, classes_by_window
from saccade.data.datasets.picture import picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper

IGNORE = 255


class RelabelledDataset(DatasetWrapper):
    """The pictures of a data set, labelled anew.

    Objects and masks of dropped classes go, and pixels of theirs become 255, which is ignored; objects of classes
    without a new name become regions to ignore, and the pixels of their masks unknown. A new class was looked for where
    all the old ones that become it were: of one that no old one becomes, pictures say nothing, and `labels` is -1
    there.

    Args:
        dataset: Where the pictures come from.
        into: The new name of each old class that stays, of whatever vocabulary; several may have one name. An empty one
            makes regions to ignore.
        vocabularies: The new names.
    """

    def __init__(self, dataset: Dataset, into: Mapping[str, str], vocabularies: Vocabularies) -> None:
        self.dataset = dataset
        self._vocabularies, old = vocabularies, dataset.vocabularies
        # One place more than there are classes, for marks such as -1 and 255 that are no class.
        objects, pixels = [*old.get("instances", ()), ""], [*old.get("semantic", ()), ""]
        self._new = _table(objects, into, vocabularies.get("instances", ()), ANY_CLASS)
        self._pixels = _table(pixels, into, vocabularies.get("semantic", ()), IGNORE)
        self._ignored = torch.tensor([into.get(name) == "" != name for name in objects[:-1]] + [True])
        self._ignored_pixels = torch.tensor([into.get(name) == "" for name in pixels[:-1]], dtype=torch.bool)
        self._members = _members(self._new[:-1], vocabularies.get("instances", ()))
        self._pixel_members = _members(self._pixels[:-1], vocabularies.get("semantic", ()))
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
        found = self.dataset.fields if self._all_drawn() else self.dataset.fields - {"contours"}
        objects = any(field.startswith("instances.") for field in found)
        if (objects or "labels" in found) and _sought(None, self._members) is not None:
            found |= {"sought"}
        if found & {"semantic", "semantic_masks"} and _sought(None, self._pixel_members) is not None:
            found |= {"semantic_sought"}
        return found | {"instances.crowd"} if objects and self._ignored[:-1].any() else found

    def __getitem__(self, index: int) -> Sample:
        sample = self.dataset[index]
        return replace(sample, truth=self._relabel(sample.truth))

    def truth(self, index: int) -> Annotation:
        """What one picture shows, of the new classes."""
        return self._relabel(self.dataset.truth(index))

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        return picture_of(self.dataset, index, channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index, channels)

    def classes_by_window(self, index: int, most: int) -> ClassesByWindow | None:
        """New classes of one picture's pixels, part by part."""
        known = classes_by_window(self.dataset, index, most)
        return None if known is None else known.map(self._new_pixels)

    def classes_of(self, index: int) -> frozenset[int]:
        """New classes that one picture shows."""
        old = [int(label) for label in super().classes_of(index)]
        table, dropped = (self._new, ANY_CLASS) if len(self._new) > 1 else (self._pixels, IGNORE)
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
            sought=_sought(truth.sought, self._members) if rows is not None or truth.labels is not None else None,
            semantic_sought=_sought(truth.semantic_sought, self._pixel_members) if truth.tells_pixels else None,
            semantic_masks=None if truth.semantic_masks is None else truth.semantic_masks.joined(self._layers()),
            semantic_masks_unknown=self._unknown(truth),
            semantic=None if truth.semantic is None else self._new_pixels(truth.semantic),
            contours=self._contours(truth.contours),
        )

    def _new_pixels(self, semantic: Tensor) -> Tensor:
        """Old classes of pixels under their new numbers."""
        return self._pixels[semantic.clamp(max=len(self._pixels) - 1)]

    def _rows(self, rows: Instances) -> Instances:
        if rows.labels is None:
            return rows
        kept = rows[(self._new[rows.labels] != ANY_CLASS) | self._ignored[rows.labels]]
        if kept.labels is None:
            return kept
        ignored, labels = self._ignored[kept.labels], self._new[kept.labels]
        if not ignored.any():
            return replace(kept, labels=labels)
        return replace(kept, labels=labels, crowd=ignored if kept.crowd is None else kept.crowd | ignored)

    def _label(self, label: Tensor | None, rows: Instances | None) -> Tensor | None:
        """The new class of the picture; where that is dropped, the class of the largest object left."""
        if label is None or self._new[label] >= 0:
            return None if label is None else self._new[label]
        if rows is None or rows.labels is None or rows.area is None:
            return None
        single = rows.area if rows.crowd is None else rows.area.where(~rows.crowd, -1)
        return rows.labels[single.argmax()] if len(single) and single.max() >= 0 else None

    def _states(self, labels: Tensor) -> Tensor:
        """(D,) present where any merged class is, else unknown where any is, or where there is none.

        Where something is to be ignored, whatever is in it, no class is absent.
        """
        present = (self._members & (labels == 1)).any(1)
        unknown = (self._members & (labels == -1)).any(1) | ~self._members.any(1)
        unknown |= (labels[self._ignored[:-1]] != 0).any()
        return torch.where(present, 1, torch.where(unknown, -1, 0))

    def _layers(self) -> list[list[int]]:
        """The old classes whose masks each new one has."""
        return [own.nonzero()[:, 0].tolist() for own in self._pixel_members]

    def _unknown(self, truth: Annotation) -> Tensor | None:
        """(H, W) bool, pixels of which masks of classes say nothing: those of regions to ignore among them."""
        known, masks = truth.semantic_masks_unknown, truth.semantic_masks
        if masks is None or not bool(self._ignored_pixels.any()):
            return known
        ignored = masks[self._ignored_pixels].dense().any(0)
        return ignored if known is None else ignored | known

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


def with_vocabularies(dataset: Dataset, vocabularies: Vocabularies, names: Mapping[str, str] | None = None) -> Dataset:
    """All pictures of a data set, labelled by the places of their classes' names in other lists.

    Args:
        dataset: The data.
        vocabularies: The new lists.
        names: The new names of some classes; others keep theirs.
    """
    into = {name: (names or {}).get(name, name) for name in all_names(dataset.vocabularies)}
    return RelabelledDataset(dataset, into, vocabularies)


def all_names(vocabularies: Vocabularies) -> tuple[str, ...]:
    """Every class once, of whatever vocabulary but the joints."""
    return unite([names for key, names in vocabularies.items() if not is_fixed(key, names)])


def is_fixed(key: str, names: tuple[str, ...]) -> bool:
    """Whether a vocabulary is none of classes: joints, and lines of no class, stay as they are."""
    return key == "joints" or names == UNTOLD_CONTOURS


def unite(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All names once, in the order in which they first come."""
    return tuple(dict.fromkeys(str(name) for names in lists for name in names))


def _sought(marks: Tensor | None, members: Tensor) -> Tensor | None:
    """(D,) the new classes that were looked for, by marks of the C old ones; None where that is every class."""
    found = members.any(1) if marks is None else members.any(1) & (~members | marks).all(1)
    return None if found.all() else found


def _table(old: Sequence[str], into: Mapping[str, str], new: Sequence[str], dropped: int) -> Tensor:
    """The new place of each old name."""
    places = {name: place for place, name in enumerate(new)}
    return torch.tensor([places.get(into.get(str(name), ""), dropped) for name in old], dtype=torch.int64)
