"""A detector's part of the report: whole and readable for any classes and for nothing; boxes in the errors' colours."""

import re

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.metrics import Curves, Evaluator, choose
from saccade.metrics.detect.detection import Detection
from saccade.metrics.detect.errors.error_kinds import ERROR_KINDS
from saccade.metrics.sections import as_threshold
from saccade.view.drawing.draw import draw
from saccade.view.pages.content import ReportContent
from saccade.view.pages.report import render
from saccade.view.plots import curves as plot_curves
from section_parts import parts

FIELDS = frozenset({"instances.boxes", "instances.labels"})
HOSTILE = "<img src=x onerror=alert(1)>"
A, B, AWAY = [0.0, 0, 10, 10], [50.0, 0, 60, 10], [80.0, 80, 90, 90]


def rows(boxes, labels, scores=None):
    return Annotation(
        instances=Instances(
            boxes=torch.tensor(boxes).reshape(-1, 4),
            labels=torch.tensor(labels, dtype=torch.int64),
            scores=None if scores is None else torch.tensor(scores),
        )
    )


def page(classes, *pictures):
    judge = Evaluator(choose(FIELDS | {"instances.scores"}, FIELDS, classes), classes)
    for number, (prediction, truth) in enumerate(pictures):
        judge.update(prediction, truth, str(number))
    return render(ReportContent("retinanet", evaluation=judge.result()))


def test_kinds_of_errors_curves_and_thresholds_are_told():
    text = page(("cell", HOSTILE), (rows([A, A, B], [0, 0, 0], [0.9, 0.8, 0.71239]), rows([A, B], [0, 1])))
    for title in ("Class", "Duplicate", "Missed", "All wrong predictions", "AP50 gained without it", "Best threshold"):
        assert title in text
    assert text.count("Precision against recall") == 4  # title and alternative text of both
    assert "0.900" in text
    assert "onerror=alert(1)>" not in text
    assert 'data-value="0.900000"' in text


@pytest.mark.parametrize(
    ("count", "pictures"),
    [
        (2, []),
        (1, [(rows([], [], []), rows([A], [0]))]),
        (45, [(rows([A], [0], [0.9]), rows([], []))]),
        (1, [(rows([], [], []), rows([], []))]),
    ],
    ids=["no_pictures", "no_guesses", "no_objects", "nothing"],
)
def test_of_nothing_there_is_a_page_too(count, pictures):
    text = page([f"class {k}" for k in range(count)], *pictures)
    assert "Kinds of errors" in text
    assert not re.search(r">nan|nan\s?%", text, re.IGNORECASE)


def test_eighty_classes_with_long_names_fit():
    classes = [f"a long name of a class with the number {k}" for k in range(80)]
    shown = [(rows([A, B], [k, (k + 1) % 80], [0.9, 0.8]), rows([A, B], [k, k])) for k in range(80)]
    text = page(classes, *shown)
    assert len(text) < 1_000_000
    assert "The pairs most often confused" in text


def test_a_threshold_is_rounded_down():
    assert [as_threshold(value) for value in (0.5, 0.71299, 0.0)] == ["0.500", "0.712", "0.000"]


def test_a_curve_of_a_class_that_nothing_finds_is_there():
    judge = Detection(("absent", "cell"))
    prediction, truth = rows([A, AWAY, B], [1, 1, 1], [0.9, 0.8, 0.7]), rows([A, B, B], [1, 1, 0])
    judge.update(prediction, truth, "a")
    loose, strict = parts(judge, Curves)
    assert [(curve.name, curve.x, curve.y) for curve in loose.curves] == [
        ("absent", (0.0,), (0.0,)),
        ("cell", (0.0, 0.5, 1.0), (1.0, 1.0, pytest.approx(2 / 3))),
    ]
    assert strict.curves == loose.curves
    assert b"absent" in plot_curves.curves(loose)


def test_boxes_have_the_outer_frames_that_are_asked_for():
    colours = [ERROR_KINDS["right"].colour, ERROR_KINDS["missed"].colour]
    large, small = [10.0, 10, 200, 200], [250.0, 250, 300, 300]
    shown = Annotation(instances=Instances(boxes=torch.tensor([small, large]), labels=torch.tensor([0, 0])))
    picture = draw(torch.full((3, 320, 320), 255, dtype=torch.uint8), shown, ["cell"], frames=colours)
    assert picture.getpixel((299, 299)) == colours[0]
    assert picture.getpixel((199, 199)) == colours[1]
