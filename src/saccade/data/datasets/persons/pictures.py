"""Pictures whose persons are objects with joints, made of data that have a person a sample: for formats of objects.

The inverse of `data.datasets.persons.samples`.
"""

import re
from pathlib import Path

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.picture import path_of, picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper

# Several persons of one picture are samples of one name, apart from their number.
_NUMBER = re.compile(r"#\d+$")
NOTE = "each person becomes an object; its box is the hull of its annotated joints, since the data tell none"


class PosePictures(DatasetWrapper):
    """One sample a picture, with all its persons as ``instances``: the hull of the joints as box, class 0.

    Persons with no joints, or whose joints have no extent, are left out. Of persons' places and sizes the first one's
    stay, so that whoever writes the pictures sees that there are some.

    Args:
        dataset: A person a sample; the samples of a picture are named alike, apart from ``#NUMBER``.

    Attributes:
        left_out: How many persons are no objects.
    """

    note = NOTE

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        groups: dict[str, list[int]] = {}
        for index in range(len(dataset)):
            groups.setdefault(_NUMBER.sub("", dataset.id(index)), []).append(index)
        self._names, self._groups = list(groups), list(groups.values())
        self.left_out = len(dataset) - sum(len(self._rows(group)) for group in self._groups)

    @property
    def fields(self) -> frozenset[str]:
        """Objects with joints, and what is known of persons."""
        persons = {field for field in self.dataset.fields if field.startswith("person.")}
        columns = ("boxes", "labels", "keypoints", "visible")
        return frozenset({*(f"instances.{name}" for name in columns), *persons})

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, index: int) -> Sample:
        image = self.dataset[self._groups[index][0]].image
        return Sample(image, self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        """The persons of one picture."""
        rows = self._rows(self._groups[index])
        joints = 0 if self.joints is None else len(self.joints.names)
        boxes = [_hull(pose[seen > 0]) for pose, seen in rows]
        return Annotation(
            instances=Instances(
                boxes=torch.stack(boxes) if boxes else torch.zeros(0, 4),
                labels=torch.zeros(len(rows), dtype=torch.int64),
                keypoints=torch.stack([pose for pose, _ in rows]) if rows else torch.zeros(0, joints, 2),
                visible=torch.stack([seen for _, seen in rows]) if rows else torch.zeros(0, joints, dtype=torch.int64),
            ),
            person=self.dataset.truth(self._groups[index][0]).person,
        )

    def id(self, index: int) -> str:
        """The name that the samples of one picture share."""
        return self._names[index]

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The data of persons, and the place of a picture's first one."""
        return self.dataset, self._groups[index][0]

    def path(self, index: int) -> Path | None:
        """One picture's file; None where it has none."""
        return path_of(*self.beneath(index))

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of one picture with a number of channels."""
        return picture_of(self.dataset, self._groups[index][0], channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of one picture."""
        return size_of(self.dataset, self._groups[index][0], channels)

    def classes_of(self, index: int) -> frozenset[int]:
        """Class 0, where there is a person."""
        return frozenset({0}) if self._rows(self._groups[index]) else frozenset()

    def _rows(self, group: list[int]) -> list[tuple[Tensor, Tensor]]:
        """Joints and marks of the persons of a picture that have an extent in it."""
        found: list[tuple[Tensor, Tensor]] = []
        for index in group:
            pose, seen = _joints(self.dataset.truth(index))
            placed = pose[seen > 0]
            if len(placed) and bool((placed.amax(0) > placed.amin(0)).all()):
                found.append((pose, seen))
        return found


def with_objects(dataset: Dataset) -> Dataset:
    """Pictures with persons as objects, where the data tell of one person a sample and of no objects; else itself."""
    objects = any(field.startswith("instances.") for field in dataset.fields)
    return PosePictures(dataset) if "pose" in dataset.fields and not objects else dataset


def _joints(truth: Annotation) -> tuple[Tensor, Tensor]:
    pose = truth.pose if truth.pose is not None else torch.zeros(0, 2)
    seen = truth.pose_visible
    return pose, torch.full((len(pose),), 2) if seen is None else seen


def _hull(points: Tensor) -> Tensor:
    return torch.cat([points.amin(0), points.amax(0)])
