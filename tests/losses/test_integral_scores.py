"""The integral loss by hand."""

from math import log

import pytest
import torch

from saccade.losses.integral_scores import IntegralScores
from saccade.losses.scores import SoftmaxScores

SCORES = IntegralScores(2)


def test_it_has_a_softmax_a_threshold():
    assert SCORES.channels(4) == 10
    assert IntegralScores(6).channels(20) == 126


def test_probabilities_are_means_of_the_softmaxes():
    logits = torch.tensor([[0.0, log(3), 0, 0]])
    # Of class 0: three quarters by the first classifier, a half by the second.
    assert SCORES.scores(logits).tolist() == [[pytest.approx(0.625)]]


def test_costs_are_means_of_the_cross_entropies():
    logits = torch.tensor([[0.0, log(3), 0, 0]])
    object_alone_for_the_first = SCORES.cost(logits, torch.tensor([[0, -1]]))
    assert object_alone_for_the_first.item() == pytest.approx((-log(3 / 4) - log(1 / 2)) / 2)


def test_one_threshold_is_a_softmax():
    logits, labels = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, -1, 2, -1])
    torch.testing.assert_close(IntegralScores(1).scores(logits), SoftmaxScores().scores(logits))
    torch.testing.assert_close(IntegralScores(1).cost(logits, labels[:, None]), SoftmaxScores().cost(logits, labels))
