"""Scores of the confusion matrix, by the worked example and on nothing."""

import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, precision_recall_fscore_support

from saccade.metrics.classify.confusion import balanced_error_rate, confusion_matrix, error_rate, per_class

EXAMPLE = torch.tensor([[50, 10], [5, 35]])


def test_the_worked_example():
    assert error_rate(EXAMPLE) == pytest.approx(0.15)
    assert balanced_error_rate(EXAMPLE) == pytest.approx(0.145833, abs=1e-6)


def test_rows_are_the_truth():
    counts = confusion_matrix(torch.tensor([1, 1, 0]), torch.tensor([0, 0, 2]), 3)
    assert counts.tolist() == [[0, 2, 0], [0, 0, 0], [1, 0, 0]]


def test_agreement_with_scikit_learn():
    generator = torch.Generator().manual_seed(0)
    labels, predictions = (torch.randint(0, 4, (200,), generator=generator) for _ in range(2))
    counts = confusion_matrix(predictions, labels, 4)
    precision, recall, f1, support = precision_recall_fscore_support(labels.numpy(), predictions.numpy())
    columns = per_class(counts)
    assert columns["precision"] == pytest.approx(list(precision))
    assert columns["recall"] == pytest.approx(list(recall))
    assert columns["f1"] == pytest.approx(list(f1))
    assert columns["support"] == list(support)
    assert balanced_error_rate(counts) == pytest.approx(
        1 - balanced_accuracy_score(labels.numpy(), predictions.numpy())
    )


def test_classes_that_are_absent_are_undefined_and_left_out_of_the_mean():
    counts = torch.tensor([[3, 1, 0], [0, 0, 0], [0, 0, 0]])
    columns = per_class(counts)
    assert columns["recall"] == [0.75, None, None]
    assert columns["precision"] == [1.0, 0.0, None]
    assert columns["f1"] == [pytest.approx(6 / 7), 0.0, None]
    assert balanced_error_rate(counts) == 0.25


def test_nothing_is_undefined():
    nothing = confusion_matrix(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 2)
    assert nothing.tolist() == [[0, 0], [0, 0]]
    assert error_rate(nothing) is None
    assert balanced_error_rate(nothing) is None
