"""What an evaluation found: plain data for the terminal, JSON and the report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from saccade.core.threshold import Threshold
from saccade.metrics.headline import Headline
from saccade.metrics.illustration import Illustrator
from saccade.metrics.picture_scores import PictureScores
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
        headlines: What each metric is known by; a metric that does not say is known by all its scores.
        by_picture: A row for each picture, ``nearness`` (1 - its severity) among the columns.
        of_pictures: How many pictures the data set has, where not all were judged.
        threshold: From which score on objects are worth showing, where a metric can say it.
    """

    scores: Mapping[str, float | None]
    classes: tuple[str, ...] = ()
    pictures: int = 0
    sections: tuple[Section, ...] = ()
    judged: tuple[PictureSeverity, ...] = ()
    nearness: tuple[str, ...] = ()
    illustrator: Illustrator | None = None
    headlines: tuple[Headline, ...] = ()
    by_picture: PictureScores = field(default_factory=PictureScores)
    of_pictures: int | None = None
    threshold: Threshold | None = None

    @property
    def measured_on(self) -> str:
        """On how many pictures, such as ``77 pictures`` or ``20 of 77 pictures``."""
        part = self.of_pictures is not None and self.of_pictures != self.pictures
        return f"{self.pictures} of {self.of_pictures} pictures" if part else f"{self.pictures} pictures"

    @property
    def headline_names(self) -> tuple[str, ...]:
        """The scores that the metrics are known by."""
        return tuple(name for headline in self.headlines for name in headline.names)

    def worst(self, count: int) -> tuple[PictureSeverity, ...]:
        """The pictures that were got most wrong, the worst first."""
        return self.judged[:count]

    def typical(self, count: int, without: int = 0) -> tuple[PictureSeverity, ...]:
        """Pictures spread evenly over all ranks, from worse to better: an honest sample.

        Args:
            count: How many at most.
            without: The so many worst are left out, since they are shown elsewhere.
        """
        total = len(self.judged)
        places = range(total) if total <= count else [int((i + 0.5) * total / count) for i in range(count)]
        return tuple(self.judged[place] for place in places if place >= without)
