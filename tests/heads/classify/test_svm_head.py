"""The head that is solved: margins as scikit-learn gives them, scores that keep their order."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.heads.classify.svm import SvmHead
from saccade.network.maps import Maps
from saccade.network.protocols.solvable import Solvable

SIZES = torch.full((10, 2), 64)


def pictures(classes: int = 3, count: int = 60) -> tuple[Tensor, Tensor]:
    """Maps (N, 5, 2, 2) and classes (N,)."""
    draw = torch.Generator().manual_seed(2)
    labels = torch.arange(count) % classes
    centres = torch.randn(classes, 5, generator=draw)
    return (centres[labels] + torch.randn(count, 5, generator=draw))[:, :, None, None].expand(-1, -1, 2, 2), labels


def look_at(maps: Tensor, truth: list[Annotation]):
    def feature_pass() -> Iterator[tuple[Maps, list[Annotation]]]:
        for start in range(0, len(maps), 10):
            yield Maps({"map": maps[start : start + 10]}, SIZES), truth[start : start + 10]

    return feature_pass


def solved(many: bool = False, **options) -> tuple[SvmHead, Tensor, Tensor, dict[str, float]]:
    maps, labels = pictures()
    truth = [Annotation(labels=torch.eye(3, dtype=torch.int64)[n]) if many else Annotation(label=n) for n in labels]
    head = SvmHead("map", 5, 3, many=many, **options)
    return head, maps, labels, head.solve(look_at(maps, truth))


@pytest.mark.parametrize("normalise", [True, False])
def test_margins_are_those_of_scikit_learn(normalise: bool) -> None:
    head, maps, labels, told = solved(normalise=normalise, cost=2.0)
    rows = maps.mean((2, 3))
    rows = rows / rows.norm(dim=1, keepdim=True) if normalise else rows
    theirs = LinearSVC(C=2.0, dual=False, tol=1e-8).fit(rows.double().numpy(), labels.numpy())
    margins = head(Maps({"map": maps}, SIZES)).logits.detach() / head.sharpness
    np.testing.assert_allclose(margins.numpy(), theirs.decision_function(rows.double().numpy()), atol=1e-4)
    assert told["C"] == 2.0
    assert 0 < told["cross_validation"] <= 1


@torch.no_grad()
@pytest.mark.parametrize("many", [False, True])
def test_answers_follow_the_margins(many: bool) -> None:
    head, maps, _, told = solved(many)
    assert float(head.sharpness) == pytest.approx(told["sharpness"])
    margins = head.linear(head.features(Maps({"map": maps}, SIZES)))
    for prediction, margin in zip(head.decode(head(Maps({"map": maps}, SIZES))), margins, strict=True):
        assert torch.equal(prediction.label_scores.argsort(), margin.argsort())
        if many:
            assert torch.equal(prediction.labels == 1, margin > 0)
        else:
            assert int(prediction.label) == int(margin.argmax())
            assert float(prediction.label_scores.sum()) == pytest.approx(1, abs=1e-5)


def test_solving_forgets_what_was_before() -> None:
    """A run that was killed solves anew, from weights that may be anything."""
    first, maps, labels, told = solved()
    again = SvmHead("map", 5, 3)
    with torch.no_grad():
        again.linear.weight.fill_(7.0)
    assert again.solve(look_at(maps, [Annotation(label=n) for n in labels])) == told
    assert all(torch.equal(value, first.state_dict()[name]) for name, value in again.state_dict().items())


def test_pictures_without_truth_are_passed_over() -> None:
    first, maps, labels, _ = solved()
    nothing = [Annotation() for _ in range(10)]
    more = torch.cat([maps, torch.randn(10, 5, 2, 2)])
    head = SvmHead("map", 5, 3)
    head.solve(look_at(more, [*(Annotation(label=n) for n in labels), *nothing]))
    torch.testing.assert_close(head.linear.weight, first.linear.weight)
    with pytest.raises(DataError, match="label"):
        head.solve(look_at(maps[:10], nothing))


def test_the_head_is_solvable() -> None:
    assert isinstance(SvmHead("map", 5, 3), Solvable)


def test_its_loss_is_the_squared_hinge_by_hand() -> None:
    """Margins .5 and -.2 of a picture of class 0: (1 - .5)² + (1 - .2)² = .89; at weight 2, .5 + .64 = 1.14."""
    head = SvmHead("map", 2, 2, normalise=False)
    with torch.no_grad():
        head.linear.weight.copy_(torch.eye(2))
        head.linear.bias.zero_()
    maps = Maps({"map": torch.tensor([0.5, -0.2]).view(1, 2, 1, 1)}, SIZES[:1])
    assert head.loss(maps, [Annotation(label=torch.tensor(0))])["class"].item() == pytest.approx(0.89)
    head.class_weights[0] = 2.0
    assert head.loss(maps, [Annotation(label=torch.tensor(0))])["class"].item() == pytest.approx(1.14)
