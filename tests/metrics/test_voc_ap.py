"""VOC's average precision by the worked example and by rules."""

import pytest
import torch

from saccade.core.annotation import Instances
from saccade.core.errors import UsageError
from saccade.metrics.voc import voc_ap

PLACES = torch.tensor([[20.0 * k, 0, 20.0 * k + 10, 10] for k in range(8)])


def objects(*places, difficult=None):
    chosen = PLACES[list(places)]
    flags = None if difficult is None else torch.tensor(difficult)
    return Instances(boxes=chosen, labels=torch.zeros(len(chosen), dtype=torch.int64), difficult=flags)


def guesses(*places):
    """Guesses by falling score; a place above the objects' is wrong."""
    scores = torch.linspace(0.9, 0.1, len(places))
    return Instances(boxes=PLACES[list(places)], labels=torch.zeros(len(places), dtype=torch.int64), scores=scores)


def test_right_wrong_right_right_wrong_of_four_objects():
    truth, guess = objects(0, 1, 2, 3), guesses(0, 6, 1, 2, 7)
    per_class, mean = voc_ap([guess], [truth])
    assert per_class == pytest.approx([0.625])
    assert mean == pytest.approx(0.625)
    assert voc_ap([guess], [truth], points=11)[1] == pytest.approx(0.613636, abs=1e-6)


def test_a_second_guess_of_one_object_is_wrong():
    assert voc_ap([guesses(0, 0, 1)], [objects(0, 1)])[1] == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_a_guess_of_a_difficult_object_counts_neither_way():
    assert voc_ap([guesses(2, 0, 1)], [objects(0, 1, 2, difficult=[False, False, True])])[1] == pytest.approx(1.0)


def test_an_overlap_of_exactly_half_is_right():
    half = Instances(boxes=torch.tensor([[0.0, 0, 10, 20]]), labels=torch.tensor([0]), scores=torch.tensor([0.5]))
    assert voc_ap([half], [objects(0)])[1] == 1.0
    assert voc_ap([half], [objects(0)], iou=0.51)[1] == 0.0


def test_scores_rank_over_all_pictures_and_a_class_without_objects_is_undefined():
    late = Instances(boxes=PLACES[[5]], labels=torch.tensor([2]), scores=torch.tensor([0.99]))
    per_class, mean = voc_ap([guesses(0), late], [objects(0), objects()])
    assert per_class == [1.0, None, None]
    assert mean == 1.0


def test_no_guesses_score_zero_and_no_pictures_nothing():
    assert voc_ap([guesses()], [objects(0)]) == ([0.0], 0.0)
    assert voc_ap([], []) == ([], None)
    with pytest.raises(UsageError, match="2 pictures are expected, found 1"):
        voc_ap([guesses()], [objects(0), objects(1)])
