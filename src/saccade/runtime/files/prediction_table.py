"""Answers as rows of a table: a row an object, or a row a class of the picture."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from saccade.safe_io.documents.csv_file import Cell

HEADER = ("file", "class", "score", "x1", "y1", "x2", "y2")
HEADER_OF_FRAMES = (*HEADER, "frame", "time")
_NOWHERE: tuple[Cell, ...] = (None, None, None, None)


def rows_of(answer: Mapping[str, Any], classes: Sequence[str]) -> Iterator[tuple[Cell, ...]]:
    """The rows of one answer, as `HEADER` names their cells; a picture of which nothing is said has one, with its file.

    Args:
        answer: An entry of ``predictions.json``.
        classes: Names of the classes.
    """
    found = _objects(answer, classes) if "instances" in answer else _labels(answer, classes)
    yield from found or [(answer["file"], None, None, *_NOWHERE)]


def _objects(answer: Mapping[str, Any], classes: Sequence[str]) -> list[tuple[Cell, ...]]:
    columns: Mapping[str, Any] = answer["instances"]
    count = max(map(len, columns.values()), default=0)
    labels: list[int | None] = columns.get("labels") or [None] * count
    scores: list[float | None] = columns.get("scores") or [None] * count
    boxes: list[Any] = columns.get("boxes") or [_NOWHERE] * count
    names: list[Cell] = [None if label is None else classes[label] for label in labels]
    file: Cell = answer["file"]
    return [(file, name, score, *box) for name, score, box in zip(names, scores, boxes, strict=True)]


def _labels(answer: Mapping[str, Any], classes: Sequence[str]) -> list[tuple[Cell, ...]]:
    scores = answer.get("label_scores")
    if "labels" in answer:
        present = [label for label, state in enumerate(answer["labels"]) if state == 1]
    else:
        present = [answer["label"]] if "label" in answer else []
    return [(answer["file"], classes[one], None if scores is None else scores[one], *_NOWHERE) for one in present]
