"""What an evaluation found: plain data for the terminal, JSON and the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from saccade.metrics.illustration import Illustrator
from saccade.metrics.sections import Section


class PictureSeverity(NamedTuple):
    """A picture and how wrong the prediction was: 0 is perfect, 1 wholly wrong."""

    id: str
    severity: float


@dataclass(frozen=True)
class Evaluation:
    """How good the predictions of a data set are.

    Attributes:
        scores: Fractions 0..1 by name; None where undefined.
        classes: C names; of several vocabularies the main one.
        pictures: How many were judged.
        sections: What stands behind the scores.
        judged: All pictures that some metric had a say about, the worst first.
        nearness: What 1 - badness is a mean of, in a few words each.
        illustrator: Draws pictures as one of the metrics sees them, or None.
    """

    scores: Mapping[str, float | None]
    classes: tuple[str, ...] = ()
    pictures: int = 0
    sections: tuple[Section, ...] = ()
    judged: tuple[PictureSeverity, ...] = ()
    nearness: tuple[str, ...] = ()
    illustrator: Illustrator | None = None

    def worst(self, count: int) -> tuple[PictureSeverity, ...]:
        """The pictures that were got most wrong, the worst first."""
        return self.judged[:count]

    def typical(self, count: int) -> tuple[PictureSeverity, ...]:
        """Pictures spread evenly over all ranks, from worse to better: an honest sample."""
        total = len(self.judged)
        places = range(total) if total <= count else [int((i + 0.5) * total / count) for i in range(count)]
        return tuple(self.judged[place] for place in places)
