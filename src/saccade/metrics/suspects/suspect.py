"""An annotation that is probably wrong, or one that is probably missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from saccade.core.annotation import Annotation

# Something is of another class; nothing is annotated where something is; something is annotated where nothing is; a box
# or mask does not fit; pixels are of another class; a joint is elsewhere.
Kind = Literal["class", "missing", "nothing there", "box", "mask", "pixels", "joint"]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Suspect:
    """One of them.

    Attributes:
        picture: Place of the picture among those that were looked at.
        kind: What is probably wrong.
        suspicion: How probably, 0..1: the score that the network's contradiction deserves by its own record.
        found: What is annotated, in words.
        expected: What the network says.
        row: The object, as the picture's rows count; None for what is no object, or is missing.
        box: x1, y1, x2, y2 in the picture's own pixels; None for the whole picture.
    """

    picture: int
    kind: Kind
    suspicion: float
    found: str
    expected: str
    row: int | None = None
    box: Box | None = None


class Finder(Protocol):
    """Gathers what a network says of pictures, and tells what contradicts their annotations."""

    def add(self, picture: int, prediction: Annotation, truth: Annotation) -> None:
        """Take in one picture, in its own pixels."""
        ...

    def suspects(self) -> Iterator[Suspect]:
        """Those of all pictures that were taken in, in no order."""
        ...


def ranked(found: Sequence[Suspect]) -> list[Suspect]:
    """The most suspicious first; equal ones in the order of pictures."""
    return sorted(found, key=lambda one: (-one.suspicion, one.picture, -1 if one.row is None else one.row))
