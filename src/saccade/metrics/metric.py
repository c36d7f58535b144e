"""What every metric is, the user's own included."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from saccade.core.annotation import Annotation
from saccade.core.threshold import Threshold
from saccade.metrics.headline import Headline
from saccade.metrics.illustration import Illustrator
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.sections import Section


@runtime_checkable
class Metric(Protocol):
    """A score that sees one picture at a time. Any class with these members works; nothing need be inherited.

    Attributes:
        needs: Dotted fields of the truth that it reads; pictures without them are not shown to it.
        reads: Dotted fields of the prediction that it reads; predictions without them are not shown to it.
    """

    @property
    def needs(self) -> frozenset[str]:
        """Fields of the truth."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """Fields of the prediction."""
        ...

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture, both annotations on the CPU and in the picture's own pixels.

        Returns:
            How wrong the prediction is, from 0 (perfect) to 1 (wholly wrong), or None without a say.
        """
        ...

    def result(self) -> dict[str, float | None]:
        """Scores by name over all pictures taken so far; None where undefined."""
        ...

    def state(self) -> Any:
        """All that was taken so far, as something that can be pickled and sent to another process."""
        ...

    def merge(self, states: Iterable[Any]) -> None:
        """Adds what other processes took, as their `state` gave it."""
        ...


@runtime_checkable
class Reports(Protocol):
    """A metric that can also say in the report what stands behind its scores."""

    def sections(self) -> Sequence[Section]:
        """What is to be said of all pictures taken so far."""
        ...


@runtime_checkable
class Ranks(Protocol):
    """A metric that says what its `update` ranks pictures by.

    Attributes:
        nearness: What 1 - badness is, in a few words, such as ``the score of the true class``.
    """

    @property
    def nearness(self) -> str:
        """What 1 - badness is."""
        ...


@runtime_checkable
class TakesParts(Protocol):
    """A metric that can also take a picture part by part, so that nobody holds a map of the whole.

    Parts of a picture do not overlap, cover it together, and come before those of another. Its counts are then those of
    `update`, called once with the whole.
    """

    def add_part(self, prediction: Annotation, truth: Annotation, id: str) -> None:
        """Takes a part of a picture, both annotations on the CPU and in the picture's own pixels."""
        ...

    def end_picture(self, id: str) -> float | None:
        """Says that all parts of a picture have come.

        Returns:
            How wrong its prediction is, as `update` says.
        """
        ...


@runtime_checkable
class Headlined(Protocol):
    """A metric whose family is known by one score, or a few."""

    def headline(self) -> Headline:
        """These scores, and how the first of them varies with the pictures."""
        ...


@runtime_checkable
class TellsPictures(Protocol):
    """A metric that also has something to say of each picture alone."""

    def by_picture(self) -> PictureScores:
        """A row for each picture taken so far; columns have names that no other metric gives."""
        ...


@runtime_checkable
class Thresholds(Protocol):
    """A metric that can also say from which score on predictions are worth showing."""

    def best_threshold(self) -> Threshold | None:
        """The score of the greatest F1, now that all pictures have been taken; None where nothing determines it."""
        ...


@runtime_checkable
class Illustrates(Protocol):
    """A metric that can also show in a picture what it counts."""

    def illustrator(self) -> Illustrator | None:
        """What draws pictures, now that all have been taken; None where nothing is to be shown."""
        ...
