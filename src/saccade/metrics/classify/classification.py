"""Classification, picture by picture: one class each (`Classification`) or many (`MultiLabel`).

Both keep the scores of all pictures, 4 bytes a class and picture, because ROC and AUC are exact.

Legend: N pictures, C classes.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.metrics.classify import confusion as table
from saccade.metrics.classify import ranking
from saccade.metrics.classify.by_picture import label_columns, many_label_columns, map_headline, top1_headline
from saccade.metrics.classify.predicted_scores import PredictedScores, State, scores_of
from saccade.metrics.headline import Headline
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.sections import (
    Bars,
    Column,
    Curve,
    Curves,
    Histogram,
    Matrix,
    Section,
    Table,
    class_section,
    mistake_section,
)

BINS = 20
MOST_CURVES = 50


class Classification:
    """Scores ``top1``, ``top5``, ``error``, ``ber``, ``mean_class_recall`` and ``auc`` (one class against the rest).

    Mean class recall is 1 - ``ber``, what Caltech's protocol tells; ``auc`` is a mean over classes.

    Args:
        classes: C names.
    """

    needs = frozenset({"label"})
    reads = frozenset({"label_scores"})
    nearness = "the score of the true class"

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._predictions = PredictedScores(len(self.classes), labels=(0,))

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is 1 - the score of its true class."""
        scores = scores_of(prediction, len(self.classes))
        label = torch.as_tensor(truth.label).long().reshape(1)
        if not 0 <= int(label) < len(self.classes):
            raise DataError(
                f"labels 0..{len(self.classes) - 1}",
                f"{int(label)} in picture {id}",
                cure="evaluate on data whose classes are those that the system was trained on",
            )
        self._predictions.add(scores[None], label, [id])
        return 1 - min(max(float(scores[label]), 0.0), 1.0)

    def result(self) -> dict[str, float | None]:
        """The six scores; None for all without pictures, and for ``auc`` where only one class occurs."""
        scores, labels = self._predictions.all()
        confusion = self._confusion()
        top1, top5 = (ranking.top_k_error(scores, labels, k) for k in (1, 5))
        balanced = table.balanced_error_rate(confusion)
        return {
            "top1": None if top1 is None else 1 - top1,
            "top5": None if top5 is None else 1 - top5,
            "error": top1,
            "ber": balanced,
            "mean_class_recall": None if balanced is None else 1 - balanced,
            "auc": ranking.macro_auc(scores, labels),
        }

    def sections(self) -> tuple[Section, ...]:
        """Scores of each class; confusion, ROC of the (at most 50) weakest classes, confidence of right and wrong."""
        scores, labels = self._predictions.all()
        confusion = self._confusion()
        counted = table.per_class(confusion)
        areas = ranking.one_vs_rest_auc(scores, labels)
        columns = (
            Column(name="support", values=counted["support"], form="count", title="Pictures"),
            Column(name="precision", values=counted["precision"]),
            Column(name="recall", values=counted["recall"]),
            Column(name="f1", values=counted["f1"], title="F1", telling=True),
            Column(name="auc", values=areas),
        )
        curves = [ranking.roc(scores[:, k], labels == k, self.classes[k]) for k in _least(areas)]
        mistakes = mistake_section(
            Matrix(counts=confusion, rows=self.classes, columns=self.classes),
            _rocs("ROC", curves),
            Bars(rows=self.classes, values=counted["f1"], label="F1", lead="By F1."),
            self._confidence(),
        )
        return class_section(Table(rows=self.classes, columns=columns)), mistakes

    def _confidence(self) -> Histogram:
        scores, labels = self._predictions.all()
        confidence = scores.amax(1) if len(labels) else torch.zeros(0)
        right = ranking.best(scores) == labels
        counts = {"right": _histogram(confidence[right]), "wrong": _histogram(confidence[~right])}
        return Histogram(
            title="Confidence", counts=counts, label="confidence", lead="Of the best prediction of each picture."
        )

    def headline(self) -> Headline:
        """``top1``, beside what chance gives."""
        return top1_headline(*self._predictions.all(), len(self.classes))

    def by_picture(self) -> PictureScores:
        """Class, prediction and rank of each picture."""
        return label_columns(*self._predictions.state(), self.classes)

    def state(self) -> State:
        """(N, C) scores, (N,) labels and N names."""
        return self._predictions.state()

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pictures of other processes."""
        for scores, labels, ids in states:
            self._predictions.add(scores, labels, ids)

    def _confusion(self) -> Tensor:
        scores, labels = self._predictions.all()
        return table.confusion_matrix(ranking.best(scores), labels, len(self.classes))


class MultiLabel:
    """Scores ``map`` (average precision) and ``mean_class_recall``, means over the classes that occur.

    Where a class is unknown, the picture doesn't count for it.

    Args:
        classes: C names.
    """

    needs = frozenset({"labels"})
    reads = frozenset({"labels", "label_scores"})
    nearness = "how near scores are to labels"

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._predictions = PredictedScores(len(self.classes), labels=(0, len(self.classes)))

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is the mean distance between scores and known labels."""
        scores = scores_of(prediction, len(self.classes))
        labels = torch.as_tensor(truth.labels).long()
        if labels.shape != scores.shape:
            raise DataError(f"labels of {len(self.classes)} classes", f"{len(labels)} in picture {id}")
        self._predictions.add(scores[None], labels[None], [id])
        known = labels >= 0
        return float((scores.clamp(0, 1) - labels)[known].abs().mean()) if known.any() else None

    def result(self) -> dict[str, float | None]:
        """The two scores; None where no class has a positive picture."""
        return {
            "map": table.mean_defined(self._precisions()),
            "mean_class_recall": table.mean_defined(self._recalls()),
        }

    def sections(self) -> tuple[Section, ...]:
        """Average precision, recall, area under the ROC and number of positive pictures of each class; ROC curves."""
        scores, labels = self._predictions.all()
        known = [labels[:, k] >= 0 for k in range(len(self.classes))]
        curves = [
            ranking.roc(scores[known[k], k], labels[known[k], k] == 1, name) for k, name in enumerate(self.classes)
        ]
        precisions = self._precisions()
        areas = [None if curve is None else curve.area for curve in curves]
        columns = (
            Column(name="positives", values=(labels == 1).sum(0).tolist(), form="count", title="Pictures"),
            Column(name="average_precision", values=precisions, title="AP", telling=True),
            Column(name="label_recall", values=self._recalls(), title="Recall of label"),
            Column(name="label_auc", values=areas, title="AUC of label"),
        )
        weakest = Bars(rows=self.classes, values=precisions, label="AP", lead="By AP.")
        return (
            class_section(Table(rows=self.classes, columns=columns)),
            mistake_section(_rocs("ROC of labels", curves), weakest),
        )

    def headline(self) -> Headline:
        """``map``, beside what chance gives."""
        return map_headline(*self._predictions.all())

    def by_picture(self) -> PictureScores:
        """How many labels of each picture are found, missed and wrong."""
        return many_label_columns(*self._predictions.state())

    def state(self) -> State:
        """(N, C) scores, (N, C) labels 0, 1, -1, and N names."""
        return self._predictions.state()

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pictures of other processes."""
        for scores, labels, ids in states:
            self._predictions.add(scores, labels, ids)

    def _recalls(self) -> table.Column:
        """Share of each class's pictures whose score for it is above one half, as a head with sigmoid decides."""
        scores, labels = self._predictions.all()
        found, sought = ((scores > 0.5) & (labels == 1)).sum(0).tolist(), (labels == 1).sum(0).tolist()
        return [hits / count if count else None for hits, count in zip(found, sought, strict=True)]

    def _precisions(self) -> table.Column:
        scores, labels = self._predictions.all()
        known = labels >= 0
        return [
            ranking.average_precision(scores[known[:, k], k], labels[known[:, k], k] == 1)
            for k in range(len(self.classes))
        ]


def _least(areas: table.Column) -> list[int]:
    known = [k for k, area in enumerate(areas) if area is not None]
    return sorted(sorted(known, key=lambda k: areas[k] or 0.0)[:MOST_CURVES])


def _histogram(confidence: Tensor) -> list[int]:
    return torch.histc(confidence.clamp(0, 1), BINS, 0, 1).long().tolist()


def _rocs(title: str, curves: Iterable[Curve | None]) -> Curves:
    return Curves(
        title=title,
        curves=tuple(curve for curve in curves if curve is not None),
        x="false positive rate",
        y="true positive rate",
        lead="Each class against the rest.",
        diagonal=True,
        empty="No curve: a class has one if some pictures show it and others do not.",
    )
