"""Persons of pictures that show several, one a sample: data of objects with joints becomes data of poses.

COCO annotates all persons of a picture; a network of one person's pose learns from each by itself, in the square around
its box (`core.input.person_crop`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.core.sample import Sample
from saccade.data.datasets.picture import picture_of, size_of
from saccade.data.datasets.wrapper import DatasetWrapper

NEEDS = frozenset({"instances.keypoints", "instances.visible"})
# Columns of a row that tell of one person beside its joints; masks would be moved with every picture for nothing.
KEPT = ("boxes", "labels", "area", "crowd", "difficult")
# Why a row is no sample, in words of the note.
CROWD, BARE, THIN = "crowds", "without annotated joints", "with one joint and no box"


class PersonSamples(DatasetWrapper):
    """One sample a person with annotated joints, named ``PICTURE#ROW``, its joints as ``pose``.

    The person's own row stays as the picture's one object, so that box and area are known; masks and all that tells of
    the whole picture go. Crowds, rows none of whose joints is annotated, and rows that tell no extent are left out.

    Args:
        dataset: Pictures of objects with joints.

    Attributes:
        left_out: Rows that are no samples, by why.

    Raises:
        ConfigError: The data annotates no joints of objects, or no row is left.
    """

    def __init__(self, dataset: Dataset) -> None:
        if not dataset.fields >= NEEDS:
            listed = ", ".join(sorted(dataset.fields)) or "nothing"
            raise ConfigError("pictures annotated with instances.keypoints", listed)
        self.dataset = dataset
        found: list[tuple[int, int]] = []
        left_out: Counter[str] = Counter()
        for place in range(len(dataset)):
            for row, lack in enumerate(_lacks(dataset.truth(place).instances)):
                if lack is None:
                    found.append((place, row))
                else:
                    left_out[lack] += 1
        if not found:
            told = ", ".join(f"{count} {why}" for why, count in left_out.items()) or "no objects"
            raise ConfigError("persons with annotated joints", told)
        self._rows = np.array(found, np.int64)
        self.left_out = dict(left_out)

    @property
    def fields(self) -> frozenset[str]:
        """Joints, and what else is known of their person."""
        kept = {f"instances.{name}" for name in KEPT} & self.dataset.fields
        return frozenset({"pose", "pose_visible", *NEEDS, *kept})

    @property
    def note(self) -> str:
        """What a person should know of how the samples were made."""
        pictures = len(np.unique(self._rows[:, 0]))
        square = "its box" if "instances.boxes" in self.dataset.fields else "its joints"
        told = "".join(f"; {count} rows {why} are left out" for why, count in self.left_out.items())
        return f"{len(self)} persons of {pictures} pictures are a sample each, seen in the square around {square}{told}"

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        place, row = self._rows[index].tolist()
        sample = self.dataset[place]
        return Sample(sample.image, _of_one(sample.truth, row), self.id(index))

    def truth(self, index: int) -> Annotation:
        """The joints of one person, and its row."""
        place, row = self._rows[index].tolist()
        return _of_one(self.dataset.truth(place), row)

    def id(self, index: int) -> str:
        """The picture's name, and the person's row in it, from 0."""
        place, row = self._rows[index].tolist()
        return f"{self.dataset.id(place)}#{row}"

    def beneath(self, index: int) -> tuple[Dataset, int]:
        """The data set of pictures, and the place there of the picture that shows a person."""
        return self.dataset, int(self._rows[index, 0])

    def row(self, index: int) -> int:
        """The person's row among the objects of its picture."""
        return int(self._rows[index, 1])

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """Pixels of the whole picture with a number of channels."""
        return picture_of(self.dataset, int(self._rows[index, 0]), channels)

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W) of the whole picture."""
        return size_of(self.dataset, int(self._rows[index, 0]), channels)

    def classes_of(self, index: int) -> frozenset[int]:
        """The class of one person."""
        rows = self.truth(index).instances
        return frozenset() if rows is None or rows.labels is None else frozenset(rows.labels.tolist())


def with_persons(dataset: Dataset, needs: Iterable[str]) -> Dataset:
    """The data a person a sample, where ``pose`` is needed and objects alone have joints; else itself."""
    lacking = "pose" in set(needs) - dataset.fields
    return PersonSamples(dataset) if lacking and dataset.fields >= NEEDS else dataset


def _of_one(truth: Annotation, row: int) -> Annotation:
    rows: Instances = truth.get("instances")[[row]]
    others = [name for name in rows.columns() if name not in (*KEPT, "keypoints", "visible")]
    joints, visible = rows.keypoints, rows.visible
    return Annotation(
        pose=None if joints is None else joints[0],
        pose_visible=None if visible is None else visible[0],
        instances=replace(rows, **dict.fromkeys(others)),
    )


def _lacks(rows: Instances | None) -> list[str | None]:
    """Of each row why it is no sample; None where it is one."""
    if rows is None or rows.visible is None:
        return []
    crowd = torch.zeros(len(rows), dtype=torch.bool) if rows.crowd is None else rows.crowd
    counts = (rows.visible > 0).sum(1)
    boxed = torch.zeros_like(crowd) if rows.boxes is None else (rows.boxes[:, 2:] > rows.boxes[:, :2]).all(1)
    marks = zip(crowd.tolist(), counts.tolist(), boxed.tolist(), strict=True)
    return [CROWD if c else BARE if not n else THIN if n == 1 and not b else None for c, n, b in marks]
