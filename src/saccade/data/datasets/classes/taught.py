"""Pictures whose truth is completed by what a network that has learnt other classes says of them.

Where a data set annotates new classes alone, nothing tells where the old ones are: a network that learns on would
forget them. What the old network is sure of stands in for the truth that is missing, class by class and field by field.

Sources: Lee 2013, Pseudo-label (workshop at ICML); Shmelkov, Schmid, Alahari 2017, Incremental learning of object
detectors without catastrophic forgetting, arXiv 1708.06977, which asks the old network for boxes as well.

Legend: C classes of objects, S of pixels, n rows, (H, W) the picture's pixels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.masks import Masks
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.picture import classes_shown, picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper
from saccade.ops.boxes.geometry import iou_matrix

# From where on a teacher is believed, where nobody says otherwise.
SURE = 0.5
# Share of that below which an object is background; between both it is ignored, neither learnt nor background.
DOUBT = 0.4
# Of rows that overlap by more than the first a teacher means one object; by more than the second, perhaps.
SAME, NEAR, IGNORE = 0.5, 0.3, 255


@dataclass(frozen=True)
class Knowledge:
    """What a teacher knows, and from where on it is believed.

    Attributes:
        classes: Which classes it knows, by key of a vocabulary.
        sure: Score from which its objects count as true.
    """

    classes: Mapping[str, Tensor]
    sure: float = SURE


class TaughtDataset(DatasetWrapper):
    """The pictures of a data set, their truth completed.

    Args:
        dataset: The pictures, under a vocabulary that has the teacher's classes too.
        told: What the teacher says of each picture, in its own pixels, labels as in that vocabulary.
        knows: Classes that the teacher knows.
        sure: Score from which the teacher's objects count as true.
    """

    def __init__(self, dataset: Dataset, told: Sequence[Annotation], knows: Vocabularies, sure: float = SURE) -> None:
        self.dataset, self._told = dataset, told
        classes = {
            key: torch.tensor([name in knows.get(key, ()) for name in names], dtype=torch.bool)
            for key, names in dataset.vocabularies.items()
        }
        self._knows = Knowledge(classes, sure)

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the fields that are annotated, by people or by the teacher."""
        told = frozenset[str]().union(*(one.present() for one in self._told))
        kept = {name for name in told if not name.endswith("scores")}
        return self.dataset.fields | kept | ({"instances.crowd"} if "instances.boxes" in told else frozenset())

    def __getitem__(self, index: int) -> Sample:
        sample = self.dataset[index]
        return replace(sample, truth=completed(sample.truth, self._told[index], self._knows))

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return completed(self.dataset.truth(index), self._told[index], self._knows)

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        return picture_of(self.dataset, index, channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, index, channels)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture shows."""
        return classes_shown(self.truth(index))


def completed(truth: Annotation, told: Annotation, knows: Knowledge) -> Annotation:
    """A truth with what a teacher says of classes and fields that were not annotated.

    Args:
        truth: What people annotated.
        told: The teacher's prediction.
        knows: What the teacher knows.
    """
    changes: dict[str, Any] = {}
    for field, rule in RULES.items():
        if told.get(field) is not None:
            changes |= rule(truth, told, knows)
    return replace(truth, **changes)


def _instances(truth: Annotation, told: Annotation, knows: Knowledge) -> dict[str, Any]:
    """Rows of classes that were not sought, those that the teacher doubts as a crowd; both were sought then."""
    known, rows = knows.classes["instances"], told.instances
    none = torch.zeros_like(known)
    sought = none if truth.instances is None else truth.sought
    if sought is None or rows is None or rows.labels is None or rows.scores is None:
        return {}
    missing = known & ~sought
    rows = rows[missing[rows.labels] & (rows.scores >= DOUBT * knows.sure)]
    if truth.instances is not None and truth.instances.boxes is not None and rows.boxes is not None:
        covered = iou_matrix(rows.boxes, truth.instances.boxes) > SAME
        rows = rows[~covered.any(1)]
    found = sought | missing
    added = _as_truth(*_one_an_object(rows, knows.sure), truth.instances)
    both = added if truth.instances is None else Instances.cat([truth.instances, added])
    return {"instances": both, "sought": None if found.all() else found}


def _one_an_object(rows: Instances, sure: float) -> tuple[Instances, Tensor]:
    """The best row of each object, whatever its class, and which of these (n,) are doubted.

    A detector suppresses boxes of each class by themselves, and may tell one object as of several classes.
    """
    boxes, scores = rows.boxes, rows.scores
    if boxes is None or scores is None:
        return rows, torch.zeros(len(rows), dtype=torch.bool)
    kept: list[int] = []
    doubted: list[bool] = []
    overlaps = iou_matrix(boxes, boxes)
    for row in scores.argsort(descending=True).tolist():
        nearest = float(overlaps[row, kept].max()) if kept else 0.0
        if nearest <= SAME:
            kept.append(row)
            doubted.append(nearest > NEAR or float(scores[row]) < sure)
    return rows[torch.tensor(kept, dtype=torch.int64)], torch.tensor(doubted, dtype=torch.bool)


def _as_truth(rows: Instances, doubted: Tensor, beside: Instances | None) -> Instances:
    """A teacher's rows as truth has them, with a column for each that the rows beside them have."""
    boxes = rows.boxes
    if boxes is None:
        return Instances()
    area = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)
    found = Instances(boxes, rows.labels, masks=rows.masks, area=area, crowd=doubted)
    if beside is None:
        return found
    if beside.masks is None:
        found = replace(found, masks=None)
    elif found.masks is None:
        blank = Masks.from_dense(torch.zeros(len(boxes), *beside.masks.size, dtype=torch.bool))
        found = replace(found, masks=blank, masked=torch.zeros(len(boxes), dtype=torch.bool))
    if beside.keypoints is not None and beside.visible is not None:
        joints = (len(boxes), *beside.keypoints.shape[1:])
        hidden = beside.visible.new_zeros(joints[:2])
        found = replace(found, keypoints=beside.keypoints.new_zeros(joints), visible=hidden)
    return found


def _semantic(truth: Annotation, told: Annotation, knows: Knowledge) -> dict[str, Any]:
    """The classes of pixels that are unknown, of classes that were not sought."""
    scores, classes = told.semantic_scores, told.semantic
    if scores is None or classes is None:
        return {}
    known = knows.classes["semantic"]
    sought = torch.zeros_like(known) if truth.semantic is None else truth.semantic_sought
    if sought is None:
        return {}
    missing = known & ~sought
    sure = (scores.amax(0) >= SURE) & missing[classes]
    before = torch.full_like(classes, IGNORE) if truth.semantic is None else truth.semantic
    found = sought | missing
    return {
        "semantic": torch.where((before == IGNORE) & sure, classes, before),
        "semantic_sought": None if found.all() else found,
    }


def _label(truth: Annotation, told: Annotation, knows: Knowledge) -> dict[str, Any]:
    """The class of a picture that has none, where the teacher is sure of it."""
    del knows
    sure = told.label_scores is not None and float(told.label_scores.max()) >= SURE
    return {"label": told.label} if truth.label is None and sure else {}


def _labels(truth: Annotation, told: Annotation, knows: Knowledge) -> dict[str, Any]:
    """Which of the classes are shown that are unknown."""
    if told.labels is None:
        return {}
    before = torch.full_like(told.labels, -1) if truth.labels is None else truth.labels
    return {"labels": torch.where((before == -1) & knows.classes["instances"], told.labels, before)}


def _contours(truth: Annotation, told: Annotation, knows: Knowledge) -> dict[str, Any]:
    """Lines where nobody drew any."""
    del knows
    lines = told.contours
    return {"contours": (lines >= SURE).float()} if truth.contours is None and lines is not None else {}


# How each field is completed; the others stay as they are.
RULES: dict[str, Callable[[Annotation, Annotation, Knowledge], dict[str, Any]]] = {
    "instances": _instances,
    "semantic": _semantic,
    "label": _label,
    "labels": _labels,
    "contours": _contours,
}
