"""Weights of tasks, by hand."""

import math

import torch

from saccade.losses.multitask import by_uncertainty, gradnorm_slopes


def test_uncertainty_weighs_as_the_paper_writes() -> None:
    losses, logs = torch.tensor([2.0, 3.0]), torch.tensor([0.0, math.log(2.0)])
    found = by_uncertainty(losses, logs, torch.tensor([False, True]))
    torch.testing.assert_close(found, torch.tensor([2.0, 3.0 / 2 / 2 + math.log(2.0) / 2]))


def test_the_best_variance_is_the_loss() -> None:
    """Of a regression exp(s) = L, of classes exp(s) = 2 L: there the slope is 0."""
    losses = torch.tensor([0.7, 0.7])
    logs = torch.tensor([2 * 0.7, 0.7]).log().requires_grad_()
    by_uncertainty(losses, logs, torch.tensor([False, True])).sum().backward()
    torch.testing.assert_close(logs.grad, torch.zeros(2), atol=1e-6, rtol=0)


def test_a_task_without_truth_learns_no_variance() -> None:
    logs = torch.zeros(2, requires_grad=True)
    by_uncertainty(torch.tensor([0.0, 1.0]), logs, torch.tensor([False, False])).sum().backward()
    assert logs.grad is not None
    assert logs.grad.tolist() == [0.0, -0.5]


def test_gradnorm_s_slopes_are_those_of_its_loss() -> None:
    weights = torch.tensor([1.0, 0.5, 1.5], dtype=torch.float64, requires_grad=True)
    bare, ratios = torch.tensor([3.0, 1.0, 0.2]).double(), torch.tensor([0.9, 0.5, 1.0]).double()
    norms = bare * weights
    target = (norms.mean() * (ratios / ratios.mean()) ** 1.5).detach()
    (norms - target).abs().sum().backward()
    found = gradnorm_slopes(norms.detach(), ratios, weights.detach(), 1.5)
    torch.testing.assert_close(found, weights.grad)


def test_a_task_that_pulls_too_hard_is_to_weigh_less() -> None:
    slopes = gradnorm_slopes(torch.tensor([4.0, 1.0]), torch.ones(2), torch.ones(2), 1.5)
    assert slopes[0] > 0 > slopes[1]
