"""Contours of each class: F and AP by hand, the margin, and what they leave undefined."""

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.metrics.families import THOROUGH, choose
from saccade.metrics.segment.class_contours import MARGIN, ClassContours
from saccade.metrics.segment.contours import Contours

CLASSES = ("cat", "dog", "bird")


def lines(*rows: int | None) -> Tensor:
    """A map a class of 50 x 60 pixels, with a line across where it has a row."""
    maps = torch.zeros(len(rows), 50, 60)
    for one, row in zip(maps, rows, strict=True):
        if row is not None:
            one[row] = 1
    return maps


def measured(*pairs: tuple[Tensor, Tensor]) -> ClassContours:
    metric = ClassContours(CLASSES)
    for place, (found, drawn) in enumerate(pairs):
        assert metric.update(Annotation(contours=found), Annotation(contours=drawn), str(place)) is None
    return metric


def test_each_class_has_its_own_f_and_the_mean_is_over_those_drawn() -> None:
    """The cat is found; of the dog two lines are told, one of which is there; nobody drew a bird."""
    told = lines(20, 30, None)
    told[1, 10] = 1
    metric = measured((told, lines(20, 30, None)))
    (section,) = metric.sections()
    (table,) = section.parts
    dog = 2 * 0.5 / 1.5
    assert table["contour_f1"] == [1.0, pytest.approx(dog), None]
    assert table["pixels"] == [50, 50, 0]
    assert metric.result() == {"contour_mf": pytest.approx((1 + dog) / 2), "contour_map": pytest.approx((1 + 0.5) / 2)}


def test_lines_are_right_within_two_hundredths_of_the_diagonal_of_what_counts() -> None:
    """Of 40 x 50 pixels within the margin 2 % are 1.28: a line may be off by one pixel."""
    near, far = measured((lines(20, None, None), lines(21, None, None))), measured((lines(20, 9, 9), lines(22, 9, 9)))
    assert near.result()["contour_mf"] == 1
    (section,) = far.sections()
    assert section.parts[0]["contour_f1"] == [0.0, 1.0, 1.0]


def test_the_margin_counts_for_nothing() -> None:
    assert measured((lines(MARGIN - 1, 20, None), lines(20, 20, 2))).result()["contour_mf"] == 0.5
    assert measured((lines(20, None, None), lines(MARGIN - 1, None, None))).result()["contour_mf"] is None


def test_what_other_processes_counted_is_added() -> None:
    pairs = [(lines(20, 30, None), lines(20, 10, None)), (lines(9, None, 30), lines(9, None, 30))]
    whole, parts = measured(*pairs), [measured(pair) for pair in pairs]
    parts[0].merge([parts[1].state()])
    assert np.array_equal(parts[0].state(), whole.state())
    assert parts[0].result() == whole.result()


def test_predictions_of_one_map_are_not_those_of_classes() -> None:
    metric = measured((lines(20), lines(20, None, None)))
    assert metric.result() == {"contour_mf": None, "contour_map": None}


def test_classes_are_measured_where_maps_are_of_classes() -> None:
    for names, kinds in ((CLASSES, [Contours, ClassContours]), (UNTOLD_CONTOURS, [Contours])):
        fields = frozenset({"contours"})
        assert [type(one) for one in choose(fields, fields, {"contours": names}, THOROUGH)] == kinds
