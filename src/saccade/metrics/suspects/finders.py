"""Which rule looks at which annotation: a row a field."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from saccade.core.vocabulary import Vocabularies
from saccade.metrics.suspects.joints import JointSuspects
from saccade.metrics.suspects.labels import LabelSuspects, SeveralLabelSuspects
from saccade.metrics.suspects.objects import ObjectSuspects
from saccade.metrics.suspects.pixels import PixelSuspects
from saccade.metrics.suspects.suspect import Finder


class Row(NamedTuple):
    """A rule.

    Attributes:
        truth: The fields that must be annotated.
        said: The fields that the network must give.
        make: Makes the rule, given the names of what `truth` counts.
    """

    truth: frozenset[str]
    said: frozenset[str]
    make: Callable[[Sequence[str]], Finder]


def _row(truth: str, said: str, make: Callable[[Sequence[str]], Finder]) -> Row:
    return Row(frozenset(truth.split()), frozenset(said.split()), make)


FINDERS: tuple[Row, ...] = (
    _row("label", "label_scores", LabelSuspects),
    _row("labels", "label_scores", SeveralLabelSuspects),
    _row("instances.boxes instances.labels", "instances.boxes instances.labels", ObjectSuspects),
    _row("semantic", "semantic", PixelSuspects),
    _row("pose", "pose", JointSuspects),
)


def finders(annotated: Iterable[str], given: Iterable[str], vocabularies: Vocabularies) -> list[Finder]:
    """The rules for what is annotated and what a network gives.

    Args:
        annotated: Fields of the data.
        given: Fields of the predictions.
        vocabularies: Names of the data's classes and joints.
    """
    known, said = set(annotated), set(given)
    rows = [row for row in FINDERS if row.truth <= known and row.said <= said]
    return [row.make(vocabularies.names(min(row.truth, key=len))) for row in rows]
