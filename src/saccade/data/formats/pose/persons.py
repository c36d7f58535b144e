"""A data set of persons, each with joints, as the data of pose estimation give them: one person a sample.

Legend: N persons, K joints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Person
from saccade.core.dataset import Joints
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.store import Array, RaggedArray


@dataclass(frozen=True)
class PersonRow:
    """One person, checked and in our frame.

    Attributes:
        name: The picture's path relative to the data's folder.
        points: K times x, y in continuous coordinates.
        visible: K times 0, 1 or 2.
        centre: x, y of the person, or None.
        scale: Height / 200 pixels, or None.
        head_size: .6 × the diagonal of the head's box, or None.
    """

    name: str
    points: Sequence[tuple[float, float]]
    visible: Sequence[int]
    centre: tuple[float, float] | None = None
    scale: float | None = None
    head_size: float | None = None


class Persons(ImageFiles):
    """Persons with joints. A picture of several persons comes once for each.

    Args:
        root: The data's folder, which names of pictures must not lead out of.
        joints: What the K joints are.
        rows: The N persons.
    """

    def __init__(self, root: Path, joints: Joints, rows: Sequence[PersonRow]) -> None:
        super().__init__(root, RaggedArray.of_text([row.name for row in rows]), ("person",), joints)
        self._points = np.array([row.points for row in rows], np.float32)
        self._visible = np.array([row.visible for row in rows], np.uint8)
        # What a person lacks is NaN.
        self._centres = np.array([row.centre or (np.nan, np.nan) for row in rows], np.float32)
        self._scales = np.array([np.nan if row.scale is None else row.scale for row in rows], np.float32)
        self._heads = np.array([np.nan if row.head_size is None else row.head_size for row in rows], np.float32)
        self._places = _places([row.name for row in rows])

    @property
    def fields(self) -> frozenset[str]:
        """Joints, and what some person has beyond them."""
        columns = {"centre": self._centres, "scale": self._scales, "head_size": self._heads}
        known = {f"person.{name}" for name, column in columns.items() if not np.isnan(column).all()}
        return frozenset({"pose", "pose_visible", *known})

    def truth(self, index: int) -> Annotation:
        """The joints of one person."""
        person = Person(_known(self._centres[index]), _known(self._scales[index]), _known(self._heads[index]))
        return Annotation(
            pose=torch.from_numpy(self._points[index].copy()),
            pose_visible=torch.from_numpy(self._visible[index].astype(np.int64)),
            person=person,
        )

    def id(self, index: int) -> str:
        """The picture's path relative to the data's folder, and the person's number in it, from 0."""
        return f"{self._names.text(index)}#{self._places[index]}"

    def classes_of(self, index: int) -> frozenset[int]:
        """The one class, in every picture."""
        return frozenset({0})


def _known(value: Array) -> Tensor | None:
    return None if np.isnan(value).any() else torch.tensor(value.tolist(), dtype=torch.float32)


def _places(names: Sequence[str]) -> Array:
    """How many rows before have the same name."""
    seen: dict[str, int] = {}
    places: list[int] = []
    for name in names:
        places.append(seen.get(name, 0))
        seen[name] = places[-1] + 1
    return np.array(places, np.int32)
