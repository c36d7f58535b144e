"""From a stream of predictions to an evaluation: the metrics that apply, picture by picture, over many processes."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError
from saccade.core.threshold import Threshold
from saccade.metrics.evaluation import Evaluation, PictureSeverity
from saccade.metrics.headline import Headline
from saccade.metrics.illustration import Illustrator
from saccade.metrics.metric import (
    Headlined,
    Illustrates,
    Metric,
    Ranks,
    Reports,
    TakesParts,
    TellsPictures,
    Thresholds,
)
from saccade.metrics.picture_scores import PictureScores, beside
from saccade.metrics.sections import Section, joined

State = tuple[int, list[PictureSeverity], list[Any]]


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
        self._judged: list[PictureSeverity] = []
        self._begun: dict[int, TakesParts] = {}  # metrics, by place, that took parts of a picture whose end is to come

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> None:
        """Takes one picture, both annotations on the CPU and in the picture's own pixels."""
        self._judge([m.update(prediction, truth, id) for m in self.metrics if _can_read(m, prediction, truth)], id)

    def add_part(self, prediction: Annotation, truth: Annotation, id: str) -> None:
        """Takes a part of a picture, for the metrics that can (`TakesParts`); parts cover it and do not overlap."""
        for place, metric in enumerate(self.metrics):
            if isinstance(metric, TakesParts) and _can_read(metric, prediction, truth):
                metric.add_part(prediction, truth, id)
                self._begun[place] = metric

    def end_picture(self, id: str) -> None:
        """Says that all parts of a picture have come."""
        begun, self._begun = self._begun, {}
        self._judge([begun[place].end_picture(id) for place in sorted(begun)], id)

    def _judge(self, said: Sequence[float | None], id: str) -> None:
        severity = [value for value in map(_number, said) if value is not None]
        self._pictures += 1
        if severity:
            self._judged.append(PictureSeverity(id, sum(severity) / len(severity)))

    def scores(self) -> dict[str, float | None]:
        """All scores over the pictures taken so far; None where undefined, never NaN.

        Raises:
            ConfigError: Two metrics give the same score.
        """
        found: dict[str, float | None] = {}
        for scores in (metric.result() for metric in self.metrics):
            twice = sorted(found.keys() & scores.keys())
            if twice:
                raise ConfigError("one metric for each score", f"two for {twice}", cure="rename one of them")
            found |= {name: _number(value) for name, value in scores.items()}
        return found

    def result(self) -> Evaluation:
        """The scores and all that stands behind them.

        Raises:
            ConfigError: Two metrics give the same score or column.
        """
        # Ties are broken by name, so that the order of processes and loaders leaves the report alone.
        judged = tuple(sorted(self._judged, key=lambda j: (-j.severity, j.id)))
        nearness = tuple(metric.nearness for metric in self.metrics if isinstance(metric, Ranks))
        return Evaluation(
            self.scores(),
            self.classes,
            self._pictures,
            self._sections(),
            judged,
            nearness,
            self._illustrator(),
            self._headlines(),
            self._by_picture(),
            threshold=self._threshold(),
        )

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

    def _sections(self) -> tuple[Section, ...]:
        told = (metric.sections() for metric in self.metrics if isinstance(metric, Reports))
        return joined(section for sections in told for section in sections)

    def _headlines(self) -> tuple[Headline, ...]:
        return tuple(
            metric.headline() if isinstance(metric, Headlined) else Headline(tuple(metric.result()))
            for metric in self.metrics
        )

    def _by_picture(self) -> PictureScores:
        nearness = {"nearness": [1 - one.severity for one in self._judged]}
        told = [metric.by_picture() for metric in self.metrics if isinstance(metric, TellsPictures)]
        return beside([*told, PictureScores([one.id for one in self._judged], nearness)])

    def _threshold(self) -> Threshold | None:
        """That of the first metric that has one."""
        offered = (metric.best_threshold() for metric in self.metrics if isinstance(metric, Thresholds))
        return next((one for one in offered if one is not None), None)

    def _illustrator(self) -> Illustrator | None:
        """That of the first metric that has one."""
        offered = (metric.illustrator() for metric in self.metrics if isinstance(metric, Illustrates))
        return next((one for one in offered if one is not None), None)


def _can_read(metric: Metric, prediction: Annotation, truth: Annotation) -> bool:
    return truth.has(*metric.needs) and prediction.has(*metric.reads)


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
