"""Ranked predictions: the worked examples, ties, NaN, reference implementations, nothing."""

import pytest
import torch
from sklearn.metrics import roc_auc_score, top_k_accuracy_score

from saccade.metrics.classify import ranking

SCORES = torch.tensor([0.9, 0.8, 0.4, 0.7, 0.3, 0.2])
POSITIVE = torch.tensor([True, True, True, False, False, False])


def test_the_worked_example_of_auc():
    assert ranking.auc(SCORES, POSITIVE) == pytest.approx(8 / 9)


def test_areas_agree_with_scikit_learn_ties_included():
    generator = torch.Generator().manual_seed(4)
    for levels in (2, 5, 1000):
        scores = torch.randint(0, levels, (80,), generator=generator).float()
        positive = torch.rand(80, generator=generator) > 0.7
        assert ranking.auc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))


def test_equal_scores_count_half():
    assert ranking.auc(torch.zeros(4), torch.tensor([True, False, False, True])) == 0.5


def test_the_roc_runs_from_corner_to_corner_over_the_area():
    curve = ranking.roc(SCORES, POSITIVE, "ant")
    assert curve is not None
    assert (curve.name, curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == ("ant", 0, 0, 1, 1)
    assert torch.trapezoid(torch.tensor(curve.y), torch.tensor(curve.x)).item() == pytest.approx(8 / 9)
    assert curve.area == pytest.approx(8 / 9)


def test_top_k_error_falls_with_k_and_agrees_with_scikit_learn():
    generator = torch.Generator().manual_seed(1)
    scores, labels = torch.rand(100, 8, generator=generator), torch.randint(0, 8, (100,), generator=generator)
    errors = [ranking.top_k_error(scores, labels, k) for k in range(1, 9)]
    expected = [1 - top_k_accuracy_score(labels, scores, k=k, labels=range(8)) for k in range(1, 8)]
    assert errors == pytest.approx([*expected, 0.0])


def test_equal_scores_rank_by_class_so_that_indifference_earns_nothing():
    scores, labels = torch.full((4, 4), 0.25), torch.arange(4)
    assert ranking.ranks(scores, labels).tolist() == [0, 1, 2, 3]
    assert ranking.best(scores).tolist() == [0, 0, 0, 0]
    assert ranking.top_k_error(scores, labels, 1) == 0.75


def test_best_agrees_with_rank_zero():
    scores = torch.randint(0, 3, (200, 5), generator=torch.Generator().manual_seed(2)).float()
    assert ranking.ranks(scores, ranking.best(scores)).tolist() == [0] * 200


def test_what_is_no_number_ranks_last():
    scores = ranking.finite(torch.tensor([[float("nan"), -5.0, float("-inf")]]))
    assert scores.isfinite().all()
    assert ranking.ranks(scores, torch.tensor([0])).item() > 0
    assert ranking.best(scores).item() == 1


def test_macro_auc_agrees_with_scikit_learn_and_leaves_absent_classes_out():
    generator = torch.Generator().manual_seed(3)
    scores, labels = torch.rand(60, 3, generator=generator).softmax(1), torch.randint(0, 3, (60,), generator=generator)
    expected = roc_auc_score(labels, scores, multi_class="ovr")
    assert ranking.macro_auc(scores, labels) == pytest.approx(expected)
    wider = torch.cat([scores, torch.rand(60, 1, generator=generator)], 1)
    assert ranking.one_vs_rest_auc(wider, labels)[3] is None
    assert ranking.macro_auc(wider, labels) == pytest.approx(expected)


def test_two_classes_are_the_binary_problem():
    scores = torch.stack([1 - SCORES, SCORES], 1)
    assert ranking.macro_auc(scores, POSITIVE.long()) == pytest.approx(8 / 9)


def test_average_precision_by_hand():
    flags = torch.tensor([True, False, True, True, False])
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5])
    assert ranking.average_precision(scores, flags) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_nothing_is_undefined():
    none, empty = torch.zeros(0, dtype=torch.bool), torch.zeros(0)
    assert ranking.auc(empty, none) is None
    assert ranking.roc(empty, none) is None
    assert ranking.average_precision(empty, none) is None
    assert ranking.average_precision(SCORES, torch.zeros(6, dtype=torch.bool)) is None
    assert ranking.auc(SCORES, torch.ones(6, dtype=torch.bool)) is None
    assert ranking.top_k_error(torch.zeros(0, 3), none.long(), 1) is None
    assert ranking.macro_auc(torch.zeros(0, 3), none.long()) is None
