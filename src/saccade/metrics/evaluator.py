"""From a stream of guesses to an evaluation: the metrics that apply, picture by picture, over many processes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError
from saccade.core.vocabulary import Names, Vocabularies
from saccade.metrics.classification import Classification, MultiLabel
from saccade.metrics.detection import Detection
from saccade.metrics.evaluation import Details, Evaluation, Judged
from saccade.metrics.localization import Localization
from saccade.metrics.metric import Explains, Metric

State = tuple[int, list[Judged], list[Any]]


def choose(
    gives: frozenset[str], truth_fields: frozenset[str], names: Names, *, localizes: bool = False
) -> list[Metric]:
    """The metrics that apply to a system's guesses of a data set.

    Args:
        gives: Dotted fields that the system's guesses fill.
        truth_fields: Dotted fields that the data set annotates.
        names: Names of the classes, by vocabulary where fields differ in them.
        localizes: Whether the system gives a few boxes a picture, rather than a detector's many.
    """
    classes = Vocabularies.of(names, gives | truth_fields).names("instances")
    # Scores of many classes a picture are no ranking of one: top-1 would mislead.
    many = "labels" in gives and "label" not in gives
    found: list[Metric] = [MultiLabel(classes)] if many else [Classification(classes), MultiLabel(classes)]
    if localizes and "label_scores" in gives:
        found.append(Localization(classes))
    elif not localizes:
        found.append(Detection(classes, told_apart="instances.labels" in gives))
    return [metric for metric in found if metric.reads <= gives and metric.needs <= truth_fields]


class Evaluator:
    """Shows each picture to the metrics that can read it, and gathers what they find.

    Each picture must reach one process once: what two processes took is added up.

    Args:
        metrics: The metrics, the user's own among them; no two may give the same score.
        classes: C names.
    """

    def __init__(self, metrics: Iterable[Metric], classes: Sequence[str] = ()) -> None:
        self.metrics = list(metrics)
        self.classes = tuple(classes)
        self._pictures = 0
        self._judged: list[Judged] = []

    def update(self, guess: Annotation, truth: Annotation, id: str) -> None:
        """Takes one picture, both annotations on the CPU and in the picture's own pixels."""
        said = [m.update(guess, truth, id) for m in self.metrics if truth.has(*m.needs) and guess.has(*m.reads)]
        badness = [value for value in map(_number, said) if value is not None]
        self._pictures += 1
        if badness:
            self._judged.append(Judged(id, sum(badness) / len(badness)))

    def scores(self) -> dict[str, float | None]:
        """All scores over the pictures taken so far; None where undefined, never NaN.

        Raises:
            ConfigError: Two metrics give the same score.
        """
        return _joined("score", (metric.result() for metric in self.metrics), _number)

    def result(self) -> Evaluation:
        """The scores and all that stands behind them.

        Raises:
            ConfigError: Two metrics give the same score or column.
        """
        # Ties are broken by name, so that the order of processes and loaders leaves the report alone.
        judged = tuple(sorted(self._judged, key=lambda j: (-j.badness, j.id)))
        return Evaluation(self.scores(), self.classes, self._pictures, self._details(), judged)

    def state(self) -> State:
        """All that was taken so far, to be sent to another process."""
        return self._pictures, self._judged, [metric.state() for metric in self.metrics]

    def merge(self, states: Iterable[State]) -> None:
        """Adds what evaluators with the same metrics took in other processes."""
        for pictures, judged, inner in states:
            self._pictures += pictures
            self._judged.extend(judged)
            for metric, state in zip(self.metrics, inner, strict=True):
                metric.merge([state])

    def _details(self) -> Details:
        parts = [metric.explain() for metric in self.metrics if isinstance(metric, Explains)]
        return Details(
            per_class=_joined("column", (part.per_class for part in parts)),
            confusion=next((part.confusion for part in parts if part.confusion is not None), None),
            curves=_joined("family of curves", (part.curves for part in parts)),
            histograms=_joined("histogram", (part.histograms for part in parts)),
            objects=next((part.objects for part in parts if part.objects is not None), None),
        )


def _joined(kind: str, parts: Iterable[Mapping[str, Any]], clean: Any = lambda value: value) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for part in parts:
        twice = sorted(joined.keys() & part.keys())
        if twice:
            raise ConfigError(f"one metric for each {kind}", f"two for {twice}", cure="rename one of them")
        joined |= {name: clean(value) for name, value in part.items()}
    return joined


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
