"""The one noun of the data: what a picture shows, for ground truth and prediction alike.

Frames: boxes and points are float32 in continuous pixel coordinates, x to the right and y down, where the centre of
the upper left pixel is (.5, .5). Labels are 0..C-1; background is never a label.

`None` means not annotated; empty means that nothing is there. Nothing is checked here, because trees of tensors are
mapped through these classes (`tree_map`) with other leaves than tensors: the readers check, once.

Legend: n instances, C classes, S classes of pixels, K joints, A annotators or classes, (H, W) picture.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.export import register_dataclass
from torch.utils._pytree import tree_map_only

from saccade.core.joint_maps import JointMaps
from saccade.core.masks import Masks

Index = Tensor | slice | list[int]

# The label of a region that is ignored whatever is in it.
ANY_CLASS = -1
# What belongs to another field, and is none by itself.
PARTS = ("semantic_masks_unknown", "pose_maps")


@dataclass(frozen=True)
class Instances:
    """Objects of one picture: rows with named columns, each present for all rows or absent for all.

    Attributes:
        boxes: (n, 4) float32 x1, y1, x2, y2; width is x2 - x1.
        labels: (n,) int64; -1 (`ANY_CLASS`) for a crowd of whatever class, which is a region to ignore.
        scores: (n,) float32, 0..1; predictions only.
        masks: n binary masks.
        masked: (n,) bool, which rows have a mask, where not all do; those of the others are empty.
        mask_scores: (n, m, m) float32, how likely each cell of a grid over a row's box is of its object; of predictions
            that are not in their picture's own pixels yet, where `masks` are painted of it (`core.geometry.paste`).
        keypoints: (n, K, 2) float32.
        visible: (n, K) int64: 0 not annotated, 1 annotated but hidden, 2 visible.
        keypoint_scores: (n, K) float32, 0..1, how sure each joint is; predictions only.
        area: (n,) float32, pixels, as annotated (COCO's size classes go by it).
        crowd: (n,) bool; a crowd of a class, or a region of any class, is ignored: neither learnt nor counted against a
            prediction.
        difficult: (n,) bool; VOC's objects that evaluation ignores.
    """

    boxes: Tensor | None = None
    labels: Tensor | None = None
    scores: Tensor | None = None
    masks: Masks | None = None
    masked: Tensor | None = None
    mask_scores: Tensor | None = None
    keypoints: Tensor | None = None
    visible: Tensor | None = None
    keypoint_scores: Tensor | None = None
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

    @property
    def has_mask(self) -> Tensor:
        """(n,) bool, which rows have a mask."""
        return _flags(self, self.masks is not None) if self.masked is None else self.masked

    @property
    def is_ignored(self) -> Tensor:
        """(n,) bool, which rows are regions to ignore whatever is in them."""
        if self.crowd is None or self.labels is None:
            return _flags(self, False)
        return self.crowd & (self.labels == ANY_CLASS)

    def without_difficult(self) -> "Instances":
        """The rows that are not marked as difficult."""
        return self if self.difficult is None else self[~self.difficult]

    def sorted(self) -> "Instances":
        """Rows by falling score; rows without scores stay as they are."""
        return self if self.scores is None else self[self.scores.argsort(descending=True, stable=True)]

    @staticmethod
    def cat(parts: Iterable["Instances"]) -> "Instances":
        """Rows of several parts, one after the other; only columns that all non-empty parts have are kept.

        A part that says of none of its rows whether it is a crowd, or difficult, means that none is; one that does not
        say which of them have a mask means that all have.
        """
        parts = list(parts)
        full = _with_marks([part for part in parts if len(part)] or parts[:1])
        if not full:
            return Instances()
        names = [name for name in full[0].columns() if all(name in part.columns() for part in full)]
        if "masks" not in names:
            names = [name for name in names if name != "masked"]
        return Instances(**{name: _cat([getattr(part, name) for part in full]) for name in names})


def _with_marks(parts: list[Instances]) -> list[Instances]:
    """The parts, with every column of marks that one of them has."""
    found = {name for part in parts for name in part.columns()} & {"crowd", "difficult", "masked"}
    return [
        replace(part, **{name: part.has_mask if name == "masked" else _mark(part, name) for name in found})
        for part in parts
    ]


def _mark(rows: Instances, name: str) -> Tensor:
    known = getattr(rows, name)
    return _flags(rows, False) if known is None else known


def _flags(rows: Instances, value: bool) -> Tensor:
    """(n,) bool on the rows' own device."""
    first = next((column for column in rows.columns().values() if isinstance(column, Tensor)), None)
    return torch.full((len(rows),), value, device=None if first is None else first.device)


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
        sought: (C,) bool, which classes were looked for; None stands for all. Objects of others may be annotated too;
            where none is, nobody knows.
        semantic: (H, W) int64, class per pixel, 255 = ignore.
        semantic_sought: (S,) bool, which classes of pixels were looked for; None stands for all.
        semantic_scores: (C, H, W) float32.
        semantic_masks: One mask a class of pixels, in the order of the vocabulary ``semantic``, where a pixel may be of
            several classes, or of none; those of classes that were not sought say nothing.
        semantic_masks_unknown: (H, W) bool, pixels of which `semantic_masks` say nothing; None stands for none.
        semantic_mask_scores: (C, H, W) float32, how likely each pixel is of each class.
        contours: (A, H, W) float32, boundary probability, or truth 0/1.
        pose: (K, 2) float32, joints of the one person shown.
        pose_visible: (K,) int64: 0 not annotated, 1 annotated but hidden, 2 visible; of predictions 0 not found.
        pose_scores: (K,) float32, 0..1, how sure each joint is; predictions only.
        pose_maps: How likely each joint is where; of predictions that are not in their picture's own pixels yet, so
            that several views are averaged before places are decided.
        person: Centre, scale and head size of that person.
    """

    label: Tensor | None = None
    label_scores: Tensor | None = None
    labels: Tensor | None = None
    instances: Instances | None = None
    sought: Tensor | None = None
    semantic: Tensor | None = None
    semantic_sought: Tensor | None = None
    semantic_scores: Tensor | None = None
    semantic_masks: Masks | None = None
    semantic_masks_unknown: Tensor | None = None
    semantic_mask_scores: Tensor | None = None
    contours: Tensor | None = None
    pose: Tensor | None = None
    pose_visible: Tensor | None = None
    pose_scores: Tensor | None = None
    pose_maps: JointMaps | None = None
    person: Person | None = None

    @property
    def tells_pixels(self) -> bool:
        """Whether classes of pixels are told, of one class each or of several."""
        return self.semantic is not None or self.semantic_masks is not None

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
        """Dotted names of all annotated fields; columns of instances and of person count one by one.

        What `semantic_masks` leave unknown is part of these, and `pose_maps` of `pose`: no fields of their own here.
        """
        found: set[str] = set()
        for f in fields(Annotation):
            value = getattr(self, f.name)
            if isinstance(value, Instances | Person):
                found |= {f"{f.name}.{g.name}" for g in fields(value) if getattr(value, g.name) is not None}
            elif value is not None and f.name not in PARTS:
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
        added = {f.name: getattr(other, f.name) for f in fields(Annotation) if getattr(other, f.name) is not None}
        if self.instances is not None and other.instances is not None:
            if len(self.instances) != len(other.instances):
                raise ValueError(f"expected columns of {len(self.instances)} rows, found {len(other.instances)}")
            added["instances"] = replace(self.instances, **other.instances.columns())
        return replace(self, **added)


register_dataclass(Masks, serialized_type_name="saccade.Masks")
register_dataclass(Instances, serialized_type_name="saccade.Instances")
register_dataclass(Person, serialized_type_name="saccade.Person")
register_dataclass(Annotation, serialized_type_name="saccade.Annotation")
