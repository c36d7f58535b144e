"""The machines against scikit-learn's own answer, and against small sets solved by hand."""

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC

from saccade.heads.classify.svm_selection import SvmExamples, choose, deal, held_out_margins, sharpness, solve_classes
from saccade.heads.classify.svm_solver import SvmSettings, solve_svm
from svm_objective import objective


def blobs(classes: int, each: int = 30, numbers: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Overlapping clouds; the features and class of each example."""
    draw = torch.Generator().manual_seed(5)
    labels = torch.arange(classes).repeat(each)
    centres = torch.randn(classes, numbers, generator=draw)
    return centres[labels] + torch.randn(len(labels), numbers, generator=draw), labels


def examples(classes: int, weights: torch.Tensor | None = None) -> SvmExamples:
    features, labels = blobs(classes)
    targets = torch.nn.functional.one_hot(labels, classes)
    return SvmExamples(features, targets, many=False, weights=torch.ones(classes) if weights is None else weights)


def test_two_points_are_parted_in_the_middle() -> None:
    """Of (-1, 0) and (1, 0) at great cost: w = (1, 0), b = 0, margins 1 and -1 (found by hand)."""
    weight, bias = solve_svm(torch.tensor([[-1.0, 0], [1, 0]]), torch.tensor([False, True]), SvmSettings(cost=1e6))
    assert weight.tolist() == pytest.approx([1, 0], abs=1e-4)
    assert float(bias) == pytest.approx(0, abs=1e-4)


def test_a_single_class_gives_its_own_margin_everywhere() -> None:
    features = torch.randn(4, 3)
    for positive in (True, False):
        weight, bias = solve_svm(features, torch.full((4,), positive), SvmSettings())
        assert not weight.any()
        assert float(bias) == (1 if positive else -1)


@pytest.mark.parametrize("cost", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("balanced", [False, True])
def test_coefficients_are_those_of_scikit_learn(cost: float, balanced: bool) -> None:
    features, labels = blobs(4)
    suppression = torch.cat([torch.arange(0, 60), torch.arange(60, 120, 4)])  # so that classes have unlike numbers
    features, labels = features[suppression], labels[suppression]
    theirs = LinearSVC(C=cost, dual=False, tol=1e-8, max_iter=10**5, class_weight="balanced" if balanced else None)
    theirs.fit(features.double().numpy(), labels.numpy())
    counts = torch.bincount(labels, minlength=4)
    weights = len(labels) / (4 * counts.float()) if balanced else torch.ones(4)
    ours = SvmExamples(features, torch.nn.functional.one_hot(labels, 4), False, weights)
    weight, bias = solve_classes(ours, SvmSettings(cost=cost))
    np.testing.assert_allclose(weight.numpy(), theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(bias.numpy(), theirs.intercept_, atol=1e-4)
    for place in range(4):
        own = SvmSettings(cost=cost, positive_weight=float(weights[place]))
        coefficients, intercept = torch.tensor(theirs.coef_[place]), torch.tensor(theirs.intercept_[place])
        their_objective = objective(features, labels == place, coefficients, intercept, own)
        assert objective(features, labels == place, weight[place], bias[place], own) <= their_objective * (1 + 1e-6)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_no_neighbouring_machine_is_better(loss) -> None:
    """Settings of R-CNN's kind: a bias that is hardly penalised, and dear positives."""
    features, labels = blobs(2)
    settings = SvmSettings(cost=0.05, loss=loss, bias_scale=10, positive_weight=2)
    weight, bias = solve_svm(features, labels == 1, settings)
    least = objective(features, labels == 1, weight, bias, settings)
    draw = torch.Generator().manual_seed(0)
    for step in (0.3, 0.03):
        for _ in range(20):
            other = weight + step * torch.randn(len(weight), generator=draw)
            shifted = bias + step * torch.randn((), generator=draw)
            assert objective(features, labels == 1, other, shifted, settings) > least * (1 - 1e-5)


def test_unknown_pictures_are_left_out() -> None:
    features, labels = blobs(2)
    targets = torch.stack([labels == 0, labels == 1], 1).long()
    hidden = targets.clone()
    hidden[::3, 1] = -1
    known = torch.ones(len(labels), dtype=torch.bool)
    known[::3] = False
    ones = torch.ones(2)
    weight, bias = solve_classes(SvmExamples(features, hidden, True, ones), SvmSettings())
    alone, own = solve_svm(features[known], labels[known] == 1, SvmSettings())
    torch.testing.assert_close((weight[1], bias[1]), (alone, own))


def test_folds_hold_every_class_on_both_sides() -> None:
    found = examples(3)
    dealt = deal(found)
    assert dealt is not None
    assert dealt.unique().tolist() == [0, 1, 2, 3, 4]
    for fold in range(5):
        assert found.targets[dealt == fold].sum(0).tolist() == [6, 6, 6]


def test_too_few_pictures_for_folds() -> None:
    few = SvmExamples(torch.eye(3), torch.tensor([[1, 0], [1, 0], [0, 1]]), False, torch.ones(2))
    assert deal(few) is None
    assert choose(few, SvmSettings(), None) == (SvmSettings(cost=1.0), 1.0, None)
    assert choose(few, SvmSettings(), 7.0).settings.cost == 7.0


def test_the_constant_is_that_which_unseen_pictures_score_best_with() -> None:
    found = examples(3)
    chosen = choose(found, SvmSettings(), None)
    dealt = deal(found)
    for cost in (0.01, 1.0, 1000.0):
        margins = held_out_margins(found, dealt, SvmSettings(cost=cost))
        assert float((margins.argmax(1) == found.targets.argmax(1)).float().mean()) <= chosen.score


def test_sharpness_is_that_which_made_the_truth() -> None:
    """Truth drawn with probability softmax(2.5 · margin) is likeliest at about 2.5."""
    draw = torch.Generator().manual_seed(1)
    margins = torch.randn(4000, 3, generator=draw)
    labels = torch.multinomial((margins * 2.5).softmax(1), 1, generator=draw)[:, 0]
    made = SvmExamples(margins, torch.nn.functional.one_hot(labels, 3), False, torch.ones(3))
    assert sharpness(made, margins)[0] == pytest.approx(2.5, rel=0.15)
    shown = (torch.rand(4000, 3, generator=draw) < (margins * 2.5).sigmoid()).long()
    assert sharpness(SvmExamples(margins, shown, True, torch.ones(3)), margins)[0] == pytest.approx(2.5, rel=0.15)
