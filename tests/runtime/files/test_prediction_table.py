"""Answers as a table: a row an object, or a class; none is lost, and none is a formula."""

import csv
from pathlib import Path
from typing import Any

import pytest

from helpers import save_picture, tiny_system
from saccade.core.input.input_spec import InputSpec
from saccade.core.vocabulary import Vocabularies
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.prediction_table import rows_of
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.predictor import Predictor

CLASSES = ("=cmd()", "bee")
NONE = (None,) * 4


@pytest.mark.parametrize(
    ("prediction", "rows"),
    [
        ({"label": 1, "label_scores": [0.25, 0.75]}, [("a", "bee", 0.75, *NONE)]),
        ({"labels": [1, 1], "label_scores": [0.6, 0.75]}, [("a", "=cmd()", 0.6, *NONE), ("a", "bee", 0.75, *NONE)]),
        ({"labels": [0, 0], "label_scores": [0.1, 0.2]}, [("a", None, None, *NONE)]),
        (
            {"label": 0, "instances": {"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "labels": [1, 0], "scores": [0.9, 0.5]}},
            [("a", "bee", 0.9, 1, 2, 3, 4), ("a", "=cmd()", 0.5, 5, 6, 7, 8)],
        ),
        ({"instances": {"boxes": [[1, 2, 3, 4]], "scores": [0.9]}}, [("a", None, 0.9, 1, 2, 3, 4)]),
        ({"instances": {"boxes": [], "labels": [], "scores": []}}, [("a", None, None, *NONE)]),
        ({"pose": [[1, 2]]}, [("a", None, None, *NONE)]),
    ],
)
def test_rows(prediction: dict[str, Any], rows: list[Any]) -> None:
    assert list(rows_of({"file": "a", "size": [9, 9], **prediction}, CLASSES)) == rows


def test_a_class_named_as_a_formula_is_quoted_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.png", "=b.png"):
        save_picture(tmp_path / "in" / name, 1)
    system = tiny_system(input=InputSpec("native", multiple=4))
    system.vocabularies = Vocabularies.of([f"=cmd({place})" for place in range(len(system.classes))])
    predictor, out = Predictor(system), tmp_path / "out"
    predict_files(predictor, [tmp_path / "in"], out, PredictSettings(csv=True))
    with (out / "predictions.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["file", "class", "score", "x1", "y1", "x2", "y2"]
    assert len(rows) >= 2
    assert all(row[1].startswith("'=cmd(") for row in rows)
    predict_files(predictor, [tmp_path / "in"], out)
    assert not (out / "predictions.csv").exists()
