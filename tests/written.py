"""Data sets that Hypothesis draws, and what differs between two: for the tests of writers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset, Joints
from saccade.core.joint_names import joints
from saccade.core.masks import Masks
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies

CLASSES = ("cat", "dog & co", "Ähre")
MARKS = joints(("nose", "left_ear", "right_ear"), ((0, 1), (0, 2)))


@dataclass
class Listing:
    """Pictures in memory, with the truth that a test gives."""

    truths: list[Annotation]
    sizes: list[tuple[int, int]]
    fields: frozenset[str]
    joints: Joints | None = None
    classes: tuple[str, ...] = CLASSES
    semantic_classes: tuple[str, ...] = (*CLASSES, "background")
    ids: list[str] = field(default_factory=list[str])

    @property
    def vocabularies(self) -> Vocabularies:
        told = self.fields & {"semantic", "semantic_masks"}
        pixels = {"semantic": self.semantic_classes} if told else {}
        return Vocabularies({"instances": self.classes, **pixels})

    def __len__(self) -> int:
        return len(self.truths)

    def __getitem__(self, index: int) -> Sample:
        pixels = torch.full((3, *self.sizes[index]), index, dtype=torch.uint8)
        return Sample(pixels, self.truths[index], self.id(index))

    def truth(self, index: int) -> Annotation:
        return self.truths[index]

    def id(self, index: int) -> str:
        return self.ids[index] if self.ids else f"{index}"

    def size(self, index: int) -> tuple[int, int]:
        return self.sizes[index]


def listing(*truths: Annotation, size: tuple[int, int] = (20, 30), **more: Any) -> Listing:
    """The truths as a data set whose fields are those that some truth has."""
    known = frozenset[str]().union(*(truth.present() for truth in truths))
    return Listing(list(truths), [size] * len(truths), known, **more)


def boxed(*boxes: tuple[float, float, float, float], labels: tuple[int, ...] = (), **columns: Any) -> Annotation:
    """Objects by their boxes; the class of the picture is that of the largest."""
    found = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    kinds = torch.tensor(labels or [0] * len(boxes), dtype=torch.int64)
    area = columns.pop("area", (found[:, 2:] - found[:, :2]).prod(1))
    label = kinds[area.argmax()] if len(boxes) else None
    return Annotation(label=label, instances=Instances(boxes=found, labels=kinds, area=area, **columns))


def painted(*masks: Tensor, labels: tuple[int, ...] = (), **columns: Any) -> Annotation:
    """Objects by their masks (H, W), in tight boxes."""
    found = Masks.from_dense(torch.stack(masks))
    boxes = [tuple(box) for box in found.boxes().tolist()]
    return boxed(*boxes, labels=labels, masks=found, area=found.areas(), **columns)  # type: ignore[arg-type]


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    """One to three small pictures with objects, masks, joints, marks and maps, or some of these."""
    wanted = draw(st.sets(st.sampled_from(["masks", "keypoints", "crowd", "difficult", "semantic", "area", "masked"])))
    seed = draw(st.integers(0, 2**32 - 1))
    dice = np.random.default_rng(seed)
    sizes = [(int(dice.integers(6, 20)), int(dice.integers(6, 20))) for _ in range(draw(st.integers(1, 3)))]
    truths = [_truth(dice, size, wanted) for size in sizes]
    fields = frozenset[str]().union(*(truth.present() for truth in truths))
    return Listing(truths, sizes, fields, MARKS if "keypoints" in wanted else None)


def _truth(dice: np.random.Generator, size: tuple[int, int], wanted: set[str]) -> Annotation:
    count = int(dice.integers(0, 5))
    height, width = size
    corners = np.sort(dice.random((count, 2, 2)), 1) * (width, height)
    boxes = np.concatenate([corners[:, 0], corners[:, 1]], 1).clip(0, [width, height] * 2).astype(np.float32)
    labels = torch.from_numpy(dice.integers(0, len(CLASSES), count))
    columns: dict[str, Any] = {"boxes": torch.from_numpy(boxes).reshape(-1, 4), "labels": labels}
    columns["crowd"] = torch.from_numpy(dice.random(count) < 0.3 * ("crowd" in wanted))
    columns["difficult"] = torch.from_numpy(dice.random(count) < 0.3 * ("difficult" in wanted))
    columns["area"] = (columns["boxes"][:, 2:] - columns["boxes"][:, :2]).prod(1)
    if "masks" in wanted:
        dense = np.stack([_blob(dice, size) for _ in range(count)]) if count else np.zeros((0, *size), np.bool_)
        columns["masks"] = Masks.from_dense(torch.from_numpy(dense))
        columns["boxes"] = columns["masks"].boxes()
    if {"masks", "masked"} <= wanted and count > 1:
        columns["masked"] = torch.from_numpy(dice.random(count) < 0.6).index_fill_(0, torch.tensor(0), True)
        drawn = columns["masks"].dense() & columns["masked"][:, None, None]
        columns["masks"] = Masks.from_dense(drawn)
    if "area" in wanted:
        columns["area"] = torch.from_numpy(dice.random(count).astype(np.float32) * height * width)
    if "keypoints" in wanted:
        columns["visible"] = torch.from_numpy(dice.integers(0, 3, (count, 3)))
        places = torch.from_numpy(dice.random((count, 3, 2)) * (width, height)).float()
        columns["keypoints"] = places * (columns["visible"] > 0)[..., None]
    counted = ~columns["crowd"]
    area = torch.where(counted, columns["area"], -1.0)
    return Annotation(
        label=labels[area.argmax()] if bool(counted.any()) else None,
        instances=Instances(**columns),
        semantic=torch.from_numpy(dice.choice([0, 1, 2, 3, 255], size)) if "semantic" in wanted else None,
    )


def _blob(dice: np.random.Generator, size: tuple[int, int]) -> Any:
    """A filled box, with pixels struck out now and then: holes and parts."""
    mask = np.zeros(size, np.bool_)
    y1, x1 = (int(dice.integers(0, side - 2)) for side in size)
    mask[y1 : y1 + int(dice.integers(1, 9)), x1 : x1 + int(dice.integers(1, 9))] = True
    holes = (dice.random(size) < dice.choice([0, 0, 0.2])) & mask
    return mask & ~holes if (mask & ~holes).any() else mask


def differences(one: Dataset, other: Dataset, slack: float = 1e-5) -> set[str]:
    """Names of the fields in which two data sets differ, ``pictures`` where they have not the same number."""
    if len(one) != len(other):
        return {"pictures"}
    found: set[str] = set()
    for index in range(len(one)):
        a, b = _plain(one.truth(index), one), _plain(other.truth(index), other)
        found |= {name for name in a.keys() | b.keys() if not _equal(a.get(name), b.get(name), slack)}
    return found


def _plain(truth: Annotation, data: Dataset) -> dict[str, Any]:
    """The fields by name; marks that are absent are no marks, labels are names, and no masks of nothing is nothing."""
    fields: dict[str, Any] = {name: getattr(truth, name) for name in ("contours", "pose", "labels")}
    fields["semantic"] = pixels_of(truth, data)
    fields["label"] = None if truth.label is None else data.classes[int(truth.label)]
    rows = truth.instances
    if rows is None:
        return fields
    present = torch.zeros(len(data.classes), dtype=torch.int64)
    unsure = torch.zeros(len(rows), dtype=torch.bool)
    for marks in (rows.crowd, rows.difficult):
        unsure |= torch.zeros_like(unsure) if marks is None else marks
    present[rows.labels[unsure]] = -1
    present[rows.labels[~unsure]] = 1
    if truth.labels is not None and truth.labels.equal(present):
        fields["labels"] = None  # The objects tell them.
    fields["names"] = [data.classes[label] for label in rows.labels.tolist()]
    fields |= {name: getattr(rows, name) for name in ("boxes", "area")}
    for name in ("crowd", "difficult"):
        column = getattr(rows, name)
        fields[name] = column.tolist() if column is not None else [False] * len(rows)
    fields["masked"] = rows.has_mask.tolist() if len(rows) else []
    fields["masks"] = None if rows.masks is None or not len(rows) else rows.masks.dense()
    if rows.keypoints is not None and bool((rows.visible > 0).any()):
        fields |= {"keypoints": rows.keypoints * (rows.visible > 0)[..., None], "visible": rows.visible}
    return fields


def pixels_of(truth: Annotation, data: Dataset) -> dict[str, list[list[bool]]] | None:
    """The pixels of each class but the background, by its name, and those of which nothing is known; None if untold."""
    if not truth.tells_pixels:
        return None
    names = data.vocabularies.names("semantic")
    if truth.semantic is not None:
        layers, unknown = [truth.semantic == label for label in range(len(names))], truth.semantic == 255
    else:
        layers, unknown = list(truth.get("semantic_masks").dense()), truth.semantic_masks_unknown
        unknown = torch.zeros(truth.get("semantic_masks").size, dtype=torch.bool) if unknown is None else unknown
    shown = {name: layer for name, layer in zip(names, layers, strict=False) if name != "background"}
    return {name: layer.tolist() for name, layer in {**shown, "": unknown}.items() if bool(layer.any())}


def _equal(a: Any, b: Any, slack: float) -> bool:
    if not (isinstance(a, Tensor) and isinstance(b, Tensor)):
        return type(a) is type(b) and a == b
    if a.shape != b.shape:
        return False
    return torch.allclose(a, b, rtol=1e-5, atol=slack) if a.is_floating_point() else torch.equal(a, b)
