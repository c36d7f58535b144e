"""The one noun of the data: what a picture shows, for truth and guess alike.

Frames: boxes and points are float32 in continuous pixel coordinates, x to the right and y down, where the centre of
the upper left pixel is (.5, .5). Labels are 0..C-1; background is never a label.

`None` means not annotated; empty means that nothing is there. Nothing is checked here, because trees of tensors are
mapped through these classes (`tree_map`) with other leaves than tensors: the readers check, once.

Legend: n instances, C classes, K joints, A annotators or classes, (H, W) picture.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.export import register_dataclass
from torch.utils._pytree import tree_map_only

from saccade.core.masks import Masks

Index = Tensor | slice | list[int]


@dataclass(frozen=True)
class Instances:
    """Objects of one picture: rows with named columns, each present for all rows or absent for all.

    Attributes:
        boxes: (n, 4) float32 x1, y1, x2, y2; width is x2 - x1.
        labels: (n,) int64.
        scores: (n,) float32, 0..1; guesses only.
        masks: n binary masks.
        keypoints: (n, K, 2) float32.
        visible: (n, K) int64: 0 not annotated, 1 annotated but hidden, 2 visible.
        area: (n,) float32, pixels, as annotated (COCO's size classes go by it).
        crowd: (n,) bool; a crowd is ignored, neither sought nor counted against a guess.
        difficult: (n,) bool; VOC's objects that evaluation ignores.
    """

    boxes: Tensor | None = None
    labels: Tensor | None = None
    scores: Tensor | None = None
    masks: Masks | None = None
    keypoints: Tensor | None = None
    visible: Tensor | None = None
    area: Tensor | None = None
    crowd: Tensor | None = None
    difficult: Tensor | None = None

    def columns(self) -> dict[str, Any]:
        """The columns that are present, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}

    def __len__(self) -> int:
        return next((len(column) for column in self.columns().values()), 0)

    def __getitem__(self, index: Index) -> "Instances":
        """The chosen rows; every column follows. `index` is a mask, positions or a slice."""
        return Instances(**{name: column[index] for name, column in self.columns().items()})

    def sorted(self) -> "Instances":
        """Rows by falling score; rows without scores stay as they are."""
        return self if self.scores is None else self[self.scores.argsort(descending=True, stable=True)]

    @staticmethod
    def cat(parts: Iterable["Instances"]) -> "Instances":
        """Rows of several parts, one after the other; only columns that all non-empty parts have are kept."""
        parts = list(parts)
        full = [part for part in parts if len(part)] or parts[:1]
        if not full:
            return Instances()
        names = [name for name in full[0].columns() if all(name in part.columns() for part in full)]
        return Instances(**{name: _cat([getattr(part, name) for part in full]) for name in names})


def _cat(columns: list[Any]) -> Any:
    return Masks.cat(columns) if isinstance(columns[0], Masks) else torch.cat(columns)


@dataclass(frozen=True)
class Person:
    """Where the one person of a pose picture stands, as MPII gives it.

    Attributes:
        centre: (2,) float32, pixels.
        scale: () float32, the person's height / 200 px.
        head_size: () float32, pixels: .6 × the diagonal of the head's box.
    """

    centre: Tensor | None = None
    scale: Tensor | None = None
    head_size: Tensor | None = None


@dataclass(frozen=True)
class Annotation:
    """What one picture shows.

    Attributes:
        label: () int64, class of the whole picture; where only objects are annotated, the class of the largest.
        label_scores: (C,) float32.
        labels: (C,) int64: 0 absent, 1 present, -1 unknown.
        instances: The objects.
        semantic: (H, W) int64, class per pixel, 255 = ignore.
        semantic_scores: (C, H, W) float32.
        contours: (A, H, W) float32, boundary probability, or truth 0/1.
        pose: (K, 2) float32, joints of the one person shown.
        pose_visible: (K,) int64: 0 not annotated, 1 annotated but hidden, 2 visible.
        person: Centre, scale and head size of that person.
    """

    label: Tensor | None = None
    label_scores: Tensor | None = None
    labels: Tensor | None = None
    instances: Instances | None = None
    semantic: Tensor | None = None
    semantic_scores: Tensor | None = None
    contours: Tensor | None = None
    pose: Tensor | None = None
    pose_visible: Tensor | None = None
    person: Person | None = None

    def get(self, field: str) -> Any:
        """The value of a dotted field such as ``instances.boxes``; None where it is not annotated."""
        value: Any = self
        for name in field.split("."):
            value = None if value is None else getattr(value, name)
        return value

    def has(self, *names: str) -> bool:
        """Whether all the dotted fields are annotated."""
        return all(self.get(name) is not None for name in names)

    def present(self) -> frozenset[str]:
        """Dotted names of all annotated fields; columns of instances and of person count one by one."""
        found: set[str] = set()
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Instances | Person):
                found |= {f"{f.name}.{g.name}" for g in fields(value) if getattr(value, g.name) is not None}
            elif value is not None:
                found.add(f.name)
        return frozenset(found)

    def map(self, function: Callable[[Tensor], Tensor]) -> "Annotation":
        """`function` applied to every tensor."""
        return tree_map_only(Tensor, function, self)

    def to(self, device: torch.device | str) -> "Annotation":
        """The same annotation on another device."""
        return self.map(lambda tensor: tensor.to(device))

    def merge(self, other: "Annotation") -> "Annotation":
        """This annotation with the fields of `other` added; columns of instances join the same rows.

        Raises:
            ValueError: Both have a field, or their numbers of rows differ.
        """
        both = self.present() & other.present()
        if both:
            raise ValueError(f"expected one owner for each field, found two for {sorted(both)}")
        added = {f.name: getattr(other, f.name) for f in fields(other) if getattr(other, f.name) is not None}
        if self.instances is not None and other.instances is not None:
            if len(self.instances) != len(other.instances):
                raise ValueError(f"expected columns of {len(self.instances)} rows, found {len(other.instances)}")
            added["instances"] = replace(self.instances, **other.instances.columns())
        return replace(self, **added)


register_dataclass(Masks, serialized_type_name="saccade.Masks")
register_dataclass(Instances, serialized_type_name="saccade.Instances")
register_dataclass(Person, serialized_type_name="saccade.Person")
register_dataclass(Annotation, serialized_type_name="saccade.Annotation")
