"""Costs of wrong classes against torch's own, and by hand."""

import pytest
import torch
import torch.nn.functional as F

from saccade.losses.classification import rejecting_distance, sigmoid_cross_entropy, softmax_cross_entropy

LABELS = torch.tensor([0, 2, 2, 1])
LOGITS = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
TARGET = F.one_hot(LABELS, 3).float()
WEIGHTS = torch.tensor([1.0, 2.0, 0.5])


def test_softmax_equals_torch_s_weighted_mean() -> None:
    torch.testing.assert_close(
        softmax_cross_entropy(LOGITS, TARGET, WEIGHTS), F.cross_entropy(LOGITS, LABELS, weight=WEIGHTS)
    )


def test_smoothing_equals_torch_s() -> None:
    expected = F.cross_entropy(LOGITS, LABELS, label_smoothing=0.1)
    torch.testing.assert_close(softmax_cross_entropy(LOGITS, TARGET, torch.ones(3), 0.1), expected)


def test_a_blend_costs_the_blend_of_the_costs() -> None:
    first, second = (
        softmax_cross_entropy(LOGITS, F.one_hot(label, 3).float(), torch.ones(3)) for label in (LABELS, LABELS.flip(0))
    )
    blend = 0.3 * TARGET + 0.7 * TARGET.flip(0)
    torch.testing.assert_close(softmax_cross_entropy(LOGITS, blend, torch.ones(3)), 0.3 * first + 0.7 * second)


def test_classes_of_weight_nothing_cost_nothing() -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = softmax_cross_entropy(logits, TARGET, torch.zeros(3))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.isfinite().all()


def test_unknown_classes_are_left_out() -> None:
    target = torch.tensor([[1, 0, -1], [-1, -1, 1]])
    known = torch.stack([LOGITS[0, 0], LOGITS[0, 1], LOGITS[1, 2]])
    expected = F.binary_cross_entropy_with_logits(known, torch.tensor([1.0, 0.0, 1.0]))
    torch.testing.assert_close(sigmoid_cross_entropy(LOGITS[:2], target, torch.ones(3)), expected)
    assert sigmoid_cross_entropy(LOGITS[:2], torch.full((2, 3), -1), torch.ones(3)) == 0


def test_rejecting_distance_by_hand() -> None:
    distances, target = torch.tensor([[1.0, 3.0]]), torch.tensor([[1.0, 0.0]])
    expected = 1.0 + torch.tensor([-0.1, -1.0, -3.0]).exp().sum().log()
    assert rejecting_distance(distances, target).item() == pytest.approx(float(expected))


def test_far_classes_are_pushed_no_further() -> None:
    distances = torch.tensor([[0.0, 1.0, 60.0]], requires_grad=True)
    rejecting_distance(distances, torch.tensor([[1.0, 0.0, 0.0]])).backward()
    assert distances.grad[0, 1] < -0.1
    assert abs(float(distances.grad[0, 2])) < 1e-9
