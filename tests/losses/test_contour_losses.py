"""What wrong contours cost, by the definition written out pixel by pixel, and what several people's drawings teach."""

import math

import pytest
import torch
import torch.nn.functional as F

from saccade.core.errors import UsageError
from saccade.losses.contours import IGNORE, Consensus, balanced_contours, per_class, together


def test_positives_weigh_the_share_of_negatives_and_negatives_that_of_positives() -> None:
    """Of four known pixels one is a contour: it weighs 3/4, each of the others 1/4; the unknown one costs nothing."""
    logits = torch.tensor([2.0, -1.0, 0.0, 1.0, 50.0]).view(1, 1, 1, 5)
    target = torch.tensor([1, 0, 0, 0, IGNORE]).view(1, 1, 1, 5)
    wrong = [math.log(1 + math.exp(x)) for x in (-2.0, -1.0, 0.0, 1.0)]
    expected = 0.75 * wrong[0] + 0.25 * sum(wrong[1:])
    assert balanced_contours(logits, target).item() == pytest.approx(expected, rel=1e-6)
    assert balanced_contours(logits, target, "mean").item() == pytest.approx(expected / 4, rel=1e-6)


def test_each_picture_has_its_own_shares() -> None:
    draw = torch.Generator().manual_seed(0)
    logits, target = torch.randn(2, 1, 6, 7, generator=draw), (torch.rand(2, 1, 6, 7, generator=draw) < 0.2).long()
    target[0, 0, :2] = IGNORE
    for over in ("sum", "mean"):
        alone = [balanced_contours(logits[[row]], target[[row]], over) for row in range(2)]
        torch.testing.assert_close(balanced_contours(logits, target, over), torch.stack(alone).mean())


def test_the_released_layer_s_gradient() -> None:
    """HED's layer: the probability less the target, times the other kind's share of the pixels that are 0 or 1."""
    draw = torch.Generator().manual_seed(1)
    logits = torch.randn(1, 1, 5, 6, generator=draw, requires_grad=True)
    target = torch.randint(0, 2, (1, 1, 5, 6), generator=draw)
    target[..., 0] = IGNORE
    balanced_contours(logits, target).backward()
    ones, zeros = int((target == 1).sum()), int((target == 0).sum())
    weight = torch.where(target == 1, zeros / (ones + zeros), ones / (ones + zeros)) * (target != IGNORE)
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, (logits.detach().sigmoid() - target) * weight)


def test_classes_share_the_weights_of_pixels_on_any_contour() -> None:
    """CASENet's layer: of four pixels two lie on a contour of some class, so that all weights are one half."""
    logits = torch.zeros(1, 2, 1, 4)
    target = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0]]).view(1, 2, 1, 4)
    assert balanced_contours(logits, target).item() == pytest.approx(8 * 0.5 * math.log(2), rel=1e-6)
    some = target.clone()
    some[:, 0] = IGNORE
    expected = 2 * 0.5 * math.log(2) + 2 * 0.5 * math.log(2)
    assert balanced_contours(logits, some).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("value", [0, 1, IGNORE])
def test_one_kind_alone_costs_nothing_and_stays_finite(value: int) -> None:
    logits = torch.randn(2, 1, 3, 3, requires_grad=True)
    cost = balanced_contours(logits, torch.full((2, 1, 3, 3), value))
    cost.backward()
    assert cost.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_what_half_of_the_people_drew_is_a_contour() -> None:
    drawn = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 1, 0, 0]]).float()[:, None]
    assert Consensus()(drawn).tolist() == [[[1, 1, 1, 0, 0]]]
    assert Consensus(disputed="ignored")(drawn).tolist() == [[[1, 1, 1, IGNORE, 0]]]
    assert Consensus(0.75, "ignored")(drawn).tolist() == [[[1, IGNORE, IGNORE, IGNORE, 0]]]
    assert Consensus(1.0)(drawn).tolist() == [[[1, 0, 0, 0, 0]]]
    six = F.one_hot(torch.tensor([0, 0, 0, 1, 1, 1]), 2).float()[:, None]
    assert Consensus()(six).tolist() == [[[1, 1]]]


def test_maps_of_classes_are_learnt_each_or_together() -> None:
    drawn = torch.tensor([[1.0, 0, 0.4, 0], [0, 0, 0, 1]])[:, None]
    assert per_class(drawn).tolist() == [[[1, 0, IGNORE, 0]], [[0, 0, 0, 1]]]
    assert together(drawn).tolist() == [[[1, 0, IGNORE, 1]]]


@pytest.mark.parametrize("share", [0.0, 1.5, -1.0, math.nan])
def test_a_consensus_is_a_share(share: float) -> None:
    with pytest.raises(UsageError, match="consensus"):
        Consensus(share)
