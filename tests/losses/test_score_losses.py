"""What scores cost where some classes were not sought, by hand: background may be one of them, an object is not."""

from math import log

import pytest
import torch

from saccade.losses.integral_scores import IntegralScores
from saccade.losses.scores import FocalScores, ScoreLoss, SigmoidScores, SoftmaxScores, of_known

FIRST = torch.tensor([True, False])  # of two classes the first was sought
EACH = [SoftmaxScores(), SigmoidScores(), FocalScores()]


def logits_of(*odds: float) -> torch.Tensor:
    return torch.tensor([odds]).log().requires_grad_()


def test_a_softmax_takes_background_for_itself_and_all_that_was_not_sought() -> None:
    logits, background = logits_of(0.5, 0.3, 0.2), torch.tensor([-1])
    cost = SoftmaxScores().cost(logits, background, FIRST)
    assert cost.item() == pytest.approx(-log(0.5 + 0.2))
    (gradient,) = torch.autograd.grad(cost.sum(), logits)
    # Of the class that was sought .3 is wrong; it goes to the other two as they have shares in the rest.
    assert gradient[0].tolist() == pytest.approx([-0.3 * 5 / 7, 0.3, -0.3 * 2 / 7])
    assert SoftmaxScores().cost(logits, torch.tensor([0]), FIRST).item() == pytest.approx(-log(0.3))
    assert SoftmaxScores().cost(logits, torch.tensor([1]), FIRST).item() == pytest.approx(-log(0.2))


@pytest.mark.parametrize("loss", [SigmoidScores(), FocalScores()])
def test_of_background_a_class_that_was_not_sought_costs_nothing(loss: ScoreLoss) -> None:
    logits = logits_of(3.0, 4.0)
    cost = loss.cost(logits, torch.tensor([-1]), FIRST)
    assert cost.item() == pytest.approx(loss.cost(logits[:, :1], torch.tensor([-1])).item())
    (gradient,) = torch.autograd.grad(cost.sum(), logits)
    assert gradient[0, 0] > 0
    assert gradient[0, 1] == 0
    for label in (0, 1):
        target = torch.tensor([label])
        assert torch.equal(loss.cost(logits, target, FIRST), loss.cost(logits, target))


def test_each_softmax_of_several_has_its_own_background() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.2, 0.1, 0.6, 0.3]]).log()
    cost = IntegralScores(2).cost(logits, torch.tensor([[0, -1]]), FIRST)
    assert cost.item() == pytest.approx((-log(0.3) - log(0.1 + 0.3)) / 2)


@pytest.mark.parametrize("loss", EACH)
def test_marks_are_spread_over_the_boxes_of_their_picture(loss: ScoreLoss) -> None:
    draw = torch.Generator().manual_seed(0)
    logits, target = torch.randn(2, 5, loss.channels(2), generator=draw), torch.tensor([[-1, 0, -1, 1, -1]] * 2)
    marks = torch.stack([FIRST, ~FIRST])
    both = loss.cost(logits, target, marks[:, None])
    for picture in (0, 1):
        torch.testing.assert_close(both[picture], loss.cost(logits[picture], target[picture], marks[picture]))
    assert (both < loss.cost(logits, target)).tolist() == (target == -1).tolist()


@pytest.mark.parametrize("loss", EACH)
def test_where_all_was_sought_nothing_changes(loss: ScoreLoss) -> None:
    logits = torch.randn(7, loss.channels(3), generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = torch.tensor([-1, 0, 2, -1, 1, -1, -1])
    costs = [loss.cost(logits, target, sought) for sought in (None, torch.ones(3, dtype=torch.bool))]
    assert torch.equal(*costs)
    assert torch.equal(*(torch.autograd.grad(cost.sum(), logits)[0] for cost in costs))


def test_nothing_costs_of_classes_of_which_nothing_is_known() -> None:
    costs = torch.ones(2, 2)
    assert of_known(costs, torch.tensor([-1, 0]), FIRST).tolist() == [[1, 0], [1, 1]]
    assert of_known(costs, torch.tensor([-1, 0]), None) is costs
