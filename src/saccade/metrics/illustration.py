"""How a metric shows in a picture what it counts: what is drawn, in which colours, and what is to be said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from saccade.core.annotation import Annotation

Colour = tuple[int, int, int]  # red, green, blue, 0..255


class Key(NamedTuple):
    """What a colour stands for.

    Attributes:
        title: Short name.
        meaning: What it says, in a few words.
        colour: Of what is drawn.
    """

    title: str
    meaning: str
    colour: Colour


@dataclass(frozen=True)
class Painted:
    """What is drawn over a picture.

    Attributes:
        annotation: In the picture's own pixels.
        frames: A colour for each object that is drawn around that of its class, or None for no second frame.
    """

    annotation: Annotation
    frames: Sequence[Colour | None] | None = None


@dataclass(frozen=True)
class Illustration:
    """A picture's prediction and truth as a metric sees them.

    Attributes:
        prediction: What is drawn of the prediction.
        truth: What is drawn of the truth.
        caption: What is to be said of the two.
    """

    prediction: Painted
    truth: Painted
    caption: str = ""


class Illustrator(Protocol):
    """Draws pictures as a metric sees them; it holds none of what the metric gathered."""

    @property
    def legend(self) -> Sequence[Key]:
        """What its colours stand for."""
        ...

    def illustrate(self, prediction: Annotation, truth: Annotation) -> Illustration | None:
        """One picture, or None where it has nothing to add to the plain drawing.

        Args:
            prediction: In the picture's own pixels.
            truth: The fields alone that the system speaks of.
        """
        ...
