"""Masks of several classes a pixel, of data that tell one class a pixel, or outline objects."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.masks import Masks
from saccade.core.sample import Sample
from saccade.core.score_maps import IGNORE
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.picture import classes_of, picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper
from saccade.data.formats.voc.pixels import BACKGROUND

NOTE_OF_PIXELS = (
    "a mask a class is made of the classes of pixels, which do not overlap; background, where it is a class, has none"
)
NOTE_OF_OBJECTS = (
    "a mask a class is made of the masks of all its objects; regions to ignore, and boxes of objects without a mask, "
    "are unknown"
)


class Layered(DatasetWrapper):
    """The pictures of a data set with ``semantic_masks``, a mask a class, in place of one class a pixel.

    Where pixels have classes, these are parted, and ``background`` has no mask, unless it is the only class; pixels of
    255 are unknown. Else the masks of all objects of a class, crowds of it among them, are its mask. Pixels are unknown
    where a region to ignore is, or the box of an object without a mask.

    Args:
        dataset: Where the pictures come from; it has ``semantic``, or ``instances.masks`` and ``instances.labels``.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._of_pixels = "semantic" in dataset.fields
        old = tuple(dataset.vocabularies["semantic" if self._of_pixels else "instances"])
        self._labels = drawn_labels(old) if self._of_pixels else list(range(len(old)))
        names = tuple(old[label] for label in self._labels)
        self._vocabularies = Vocabularies({**dataset.vocabularies, "semantic": names})

    @property
    def note(self) -> str:
        """What a person should know of it."""
        return NOTE_OF_PIXELS if self._of_pixels else NOTE_OF_OBJECTS

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the main vocabulary."""
        return self._vocabularies.main

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field, those of masks among them."""
        return self._vocabularies

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields: a class a pixel is none of them, since its classes were others."""
        return (self.dataset.fields - {"semantic"}) | {"semantic_masks"} | ({"semantic_sought"} & self._sought_fields())

    def __getitem__(self, index: int) -> Sample:
        sample = self.dataset[index]
        return replace(sample, truth=self._layered(sample.truth, (sample.image.shape[1], sample.image.shape[2])))

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        truth = self.dataset.truth(index)
        known = truth.semantic if self._of_pixels else None
        masks = truth.get("instances.masks")
        if known is not None:
            return self._layered(truth, (known.shape[0], known.shape[1]))
        return self._layered(truth, size_of(self.dataset, index) if masks is None else masks.size)

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        return picture_of(self.dataset, index, channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index, channels)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of the main vocabulary that one picture shows."""
        found = classes_of(self.dataset, index)
        if not self._of_pixels or self.dataset.vocabularies.main != self.dataset.vocabularies["semantic"]:
            return found
        return frozenset(place for place, label in enumerate(self._labels) if label in found)

    def _sought_fields(self) -> frozenset[str]:
        own = {"semantic_sought"} if self._of_pixels else {"sought"}
        return frozenset({"semantic_sought"} if own & self.dataset.fields else ())

    def _layered(self, truth: Annotation, size: tuple[int, int]) -> Annotation:
        if self._of_pixels:
            return parted(truth, self._labels)
        if truth.instances is None:
            return truth
        masks, unknown = layers_of_objects(truth.instances, size, len(self._labels))
        return replace(truth, semantic_masks=masks, semantic_masks_unknown=unknown, semantic_sought=truth.sought)


def drawn_labels(names: Sequence[str]) -> list[int]:
    """The classes of pixels that get a mask: all but ``background``, unless it is the only one."""
    return [label for label, name in enumerate(names) if name != BACKGROUND] or list(range(len(names)))


def parted(truth: Annotation, labels: Sequence[int]) -> Annotation:
    """The truth with a mask for each of some classes in place of one class a pixel; pixels of 255 are unknown."""
    if truth.semantic is None:
        return truth
    sought = None if truth.semantic_sought is None else truth.semantic_sought[list(labels)]
    unknown = truth.semantic == IGNORE
    return replace(
        truth,
        semantic=None,
        semantic_masks=Masks.from_dense(torch.stack([truth.semantic == label for label in labels])),
        semantic_masks_unknown=unknown if bool(unknown.any()) else None,
        semantic_sought=None if sought is None or bool(sought.all()) else sought,
    )


def layers_of_objects(rows: Instances, size: tuple[int, int], classes: int) -> tuple[Masks, Tensor | None]:
    """A mask a class, of the masks of all its objects, and where nothing is known.

    Args:
        rows: The objects, with labels.
        size: (H, W).
        classes: C.

    Returns:
        C masks; (H, W) bool, unknown pixels, or None where there is none.
    """
    labels = [] if rows.labels is None else rows.labels.tolist()
    masks = Masks.empty(size, len(labels)) if rows.masks is None else rows.masks
    layers = masks.joined([[row for row, one in enumerate(labels) if one == label] for label in range(classes)])
    (ignored,) = masks.joined([rows.is_ignored.nonzero()[:, 0].tolist()]).dense()
    if rows.boxes is not None:
        for x1, y1, x2, y2 in rows.boxes[~rows.has_mask].tolist():
            ignored[max(int(y1), 0) : -int(-y2 // 1), max(int(x1), 0) : -int(-x2 // 1)] = True
    # What a class's own mask covers is known to be of it, but not of what else: nothing is said of any.
    return layers, ignored if bool(ignored.any()) else None
