"""Predictions as rows of a table: a row an object, or a row a class of the picture."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from saccade.safe_io.documents.csv_file import Cell

HEADER = ("file", "class", "score", "x1", "y1", "x2", "y2")
HEADER_OF_FRAMES = (*HEADER, "frame", "time")
_NOWHERE: tuple[Cell, ...] = (None, None, None, None)


def rows_of(prediction: Mapping[str, Any], classes: Sequence[str]) -> Iterator[tuple[Cell, ...]]:
    """The rows of one prediction, as `HEADER` names their cells; of an empty one a single row with the file.

    Args:
        prediction: An entry of ``predictions.json``.
        classes: Names of the classes.
    """
    found = _objects(prediction, classes) if "instances" in prediction else _labels(prediction, classes)
    yield from found or [(prediction["file"], None, None, *_NOWHERE)]


def _objects(prediction: Mapping[str, Any], classes: Sequence[str]) -> list[tuple[Cell, ...]]:
    columns: Mapping[str, Any] = prediction["instances"]
    count = max(map(len, columns.values()), default=0)
    labels: list[int | None] = columns.get("labels") or [None] * count
    scores: list[float | None] = columns.get("scores") or [None] * count
    boxes: list[Any] = columns.get("boxes") or [_NOWHERE] * count
    names: list[Cell] = [None if label is None else classes[label] for label in labels]
    file: Cell = prediction["file"]
    return [(file, name, score, *box) for name, score, box in zip(names, scores, boxes, strict=True)]


def _labels(prediction: Mapping[str, Any], classes: Sequence[str]) -> list[tuple[Cell, ...]]:
    scores = prediction.get("label_scores")
    if "labels" in prediction:
        present = [label for label, state in enumerate(prediction["labels"]) if state == 1]
    else:
        present = [prediction["label"]] if "label" in prediction else []
    return [(prediction["file"], classes[one], None if scores is None else scores[one], *_NOWHERE) for one in present]
