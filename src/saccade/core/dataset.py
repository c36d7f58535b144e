"""What a data set is to all who read one: a length, samples, classes and the fields that it annotates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from saccade.core.annotation import Annotation
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies


@dataclass(frozen=True)
class Joints:
    """What the K joints of a data set are.

    Attributes:
        names: K names.
        pairs: Positions of joints that change places under a left-right flip.
        bones: Pairs of joints that a drawing connects.
        sigmas: K constants of object keypoint similarity, or empty where unknown.
    """

    names: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...] = ()
    bones: tuple[tuple[int, int], ...] = ()
    sigmas: tuple[float, ...] = ()


@runtime_checkable
class Dataset(Protocol):
    """Pictures with truth. A user's own class with these members works everywhere.

    `open_data` completes one that has fewer: a length, samples, classes and fields are enough.

    Attributes:
        classes: C names; labels are their positions. Of several vocabularies the main one.
        vocabularies: Names of the classes of each field.
        fields: Dotted names of the fields of `Annotation` that some picture annotates, such as ``instances.boxes``.
        joints: What the joints are, or None.
    """

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes."""
        ...

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field."""
        ...

    @property
    def fields(self) -> frozenset[str]:
        """Annotated fields."""
        ...

    @property
    def joints(self) -> Joints | None:
        """What the joints are."""
        ...

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Sample: ...
    def truth(self, index: int) -> Annotation:
        """The truth of one picture alone, without decoding its pixels."""
        ...

    def id(self, index: int) -> str:
        """The name of one picture, stable between runs: usually its path relative to the root."""
        ...
