"""Detection: every object of a picture, by COCO's and VOC's rules.

Legend: N pictures, g guesses of a picture, m objects, C classes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.coco_scores import Tables, summary, tables
from saccade.metrics.evaluation import Curve, Details
from saccade.metrics.voc import Ranked, average_precision, rank
from saccade.ops.boxes import area

GUESSES = 100
# Columns that the scores read; masks are another metric's.
_GUESSED, _TRUE = ("boxes", "labels", "scores"), ("boxes", "labels", "area", "crowd", "difficult")
_OVERLAP = 0.5
_CURVES = 12


class Detection:
    """Scores ``AP AP50 AP75 APs APm APl AR1 AR10 AR100`` (COCO) and ``voc_ap voc_ap11`` (VOC, overlap .5).

    COCO's scores count difficult objects as any other, since COCO knows none; VOC's spare them, and crowds.

    Args:
        classes: C names.
        told_apart: Whether guesses have labels. If not, as with proposals, all objects count as of one class, and only
            COCO's scores are given.
    """

    def __init__(self, classes: Sequence[str], *, told_apart: bool = True) -> None:
        self.classes, self.told_apart = tuple(classes), told_apart
        labels = frozenset({"instances.labels"}) if told_apart else frozenset[str]()
        self.needs = labels | {"instances.boxes"}
        self.reads = labels | {"instances.boxes", "instances.scores"}
        self._rows: list[tuple[Instances, Instances]] = []

    def update(self, guess: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is 1 - F1 of the guesses that score at least .5, at overlap .5."""
        found = _only(guess.instances, _GUESSED).sorted()[:GUESSES]
        wanted = _only(truth.instances, _TRUE)
        if not self.told_apart:
            found, wanted = _of_one_class(found), _of_one_class(wanted)
        self._rows.append((found, wanted))
        return _badness(found, wanted)

    def result(self) -> dict[str, float | None]:
        """The scores; None where undefined."""
        scores = summary(self._tables())
        if self.told_apart:
            ranked = self._ranked()
            scores["voc_ap"] = _mean([average_precision(r) for r in ranked])
            scores["voc_ap11"] = _mean([average_precision(r, 11) for r in ranked])
        return scores

    def explain(self) -> Details:
        """AP, AP50, AR100 and VOC's AP of each class, and precision against recall at overlap .5."""
        if not self.told_apart:
            return Details()
        found, ranked = self._tables(), self._ranked()
        columns: dict[str, list[float | None]] = {
            "AP": [found.ap(label=label) for label in range(len(self.classes))],
            "AP50": [found.ap(0, label=label) for label in range(len(self.classes))],
            "AR100": [found.ar(2, label) for label in range(len(self.classes))],
            "voc_ap": [average_precision(r) for r in ranked],
            "objects": [float(r.objects) for r in ranked],
        }
        curves = [_curve(name, r) for name, r in zip(self.classes, ranked, strict=True) if r.objects]
        return Details(per_class=columns, curves={"precision_recall": tuple(curves[:_CURVES])})

    def state(self) -> list[tuple[Instances, Instances]]:
        """Guesses and objects of each picture."""
        return self._rows

    def merge(self, states: Iterable[list[tuple[Instances, Instances]]]) -> None:
        """Adds the pictures of other processes."""
        for rows in states:
            self._rows.extend(rows)

    def _ranked(self) -> list[Ranked]:
        guesses, truths = [g for g, _ in self._rows], [t for _, t in self._rows]
        return [rank(guesses, truths, label, _OVERLAP) for label in range(len(self.classes))]

    def _tables(self) -> Tables:
        names = self.classes if self.told_apart else ("object",)
        truth = {
            # The sides are not read by COCO's evaluation of boxes, but must be there.
            "images": [{"id": place, "width": 1, "height": 1} for place in range(len(self._rows))],
            "categories": [{"id": label, "name": name} for label, name in enumerate(names)],
            "annotations": [row for place, (_, t) in enumerate(self._rows) for row in _annotations(place, t)],
        }
        for number, row in enumerate(truth["annotations"], 1):
            row["id"] = number
        return tables(truth, [row for place, (g, _) in enumerate(self._rows) for row in _results(place, g)], "bbox")


def _only(rows: Instances | None, names: Sequence[str]) -> Instances:
    columns = {} if rows is None else rows.columns()
    return Instances(**{name: column for name, column in columns.items() if name in names})


def _of_one_class(rows: Instances) -> Instances:
    return replace(rows, labels=torch.zeros(len(rows), dtype=torch.int64))


def _badness(found: Instances, wanted: Instances) -> float | None:
    """1 - F1 over all classes of a picture; None where nothing is there and nothing is claimed."""
    if found.scores is not None:
        found = found[found.scores >= _OVERLAP]
    labels = {label for rows in (found, wanted) if rows.labels is not None for label in rows.labels.tolist()}
    ranked = [rank([found], [wanted], label, _OVERLAP) for label in labels]
    right = sum(int(r.right.sum()) for r in ranked)
    whole = sum(len(r.right) + r.objects for r in ranked)
    return 1 - 2 * right / whole if whole else None


def _annotations(place: int, rows: Instances) -> list[dict[str, Any]]:
    """COCO's rows of one picture's objects."""
    if rows.boxes is None or rows.labels is None:
        return []
    sizes = area(rows.boxes) if rows.area is None else rows.area
    crowds = torch.zeros(len(rows)) if rows.crowd is None else rows.crowd
    columns = (_xywh(rows), rows.labels.tolist(), sizes.tolist(), crowds.int().tolist())
    return [
        {"image_id": place, "bbox": box, "category_id": label, "area": size, "iscrowd": crowd}
        for box, label, size, crowd in zip(*columns, strict=True)
    ]


def _results(place: int, rows: Instances) -> list[dict[str, Any]]:
    """COCO's rows of one picture's guesses."""
    if rows.boxes is None or rows.labels is None or rows.scores is None:
        return []
    return [
        {"image_id": place, "bbox": box, "category_id": label, "score": score}
        for box, label, score in zip(_xywh(rows), rows.labels.tolist(), rows.scores.tolist(), strict=True)
    ]


def _xywh(rows: Instances) -> list[list[float]]:
    boxes = torch.zeros(0, 4) if rows.boxes is None else rows.boxes.double()
    return torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1).tolist()


def _curve(name: str, ranked: Ranked) -> Curve:
    recall, precision = ranked.curve()
    return Curve(name, tuple(recall.tolist()), tuple(precision.tolist()), average_precision(ranked))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
