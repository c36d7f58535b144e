"""What a head may offer that can be taught by another of its kind, which knows some of its classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.network.head import Head
from saccade.network.maps import Maps


@dataclass(frozen=True)
class Lesson:
    """A teacher's part in a step.

    Attributes:
        teacher: A head that is built as the learner's, for K of its classes.
        maps: What the teacher reads of the same pictures.
        places: (K,) labels of the teacher's classes in the learner's list.
        truth: What people annotated in the B pictures. Of objects there the teacher tells nothing: it may not know
            their class.
    """

    teacher: Head
    maps: Maps
    places: Tensor
    truth: Sequence[Annotation]


@runtime_checkable
class Teachable(Protocol):
    """A head that a teacher can tell what it knows, in every step."""

    @property
    def teachable(self) -> bool:
        """Whether all of its parts are."""
        ...

    def distance(self, maps: Maps, lesson: Lesson) -> dict[str, Tensor]:
        """How far its answers are from the teacher's, of the classes that this one knows; scalar terms.

        Args:
            maps: What it reads.
            lesson: What the teacher reads and knows.
        """
        ...
