"""Oddities of the class heads."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from saccade.core.annotation import Annotation
from saccade.core.level import Level
from saccade.heads.classify.class_codes import COLUMNS, ROWS, class_codes
from saccade.heads.classify.classify import ClassifyHead
from saccade.heads.classify.euclidean import EuclideanHead
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.network.maps import Maps

MAPS = Maps({"top": torch.randn(3, 8, 2, 2, generator=torch.Generator().manual_seed(0))}, torch.tensor([[16, 16]] * 3))
TRUTH = [Annotation(label=torch.tensor(label)) for label in (0, 3, 1)]


def head(**options: object) -> ClassifyHead:
    torch.manual_seed(0)
    return ClassifyHead("top", fully_connected(Level(8, 8), (), 4), 4, **options)


def test_the_loss_is_torch_s_cross_entropy() -> None:
    logits = head()(MAPS).logits
    torch.testing.assert_close(head().loss(MAPS, TRUTH)["class"], F.cross_entropy(logits, torch.tensor([0, 3, 1])))


def test_a_blended_picture_is_learnt_as_a_blend() -> None:
    blend = torch.tensor([0.25, 0.0, 0.0, 0.75])
    truth = [replace(TRUTH[0], label_scores=blend), *TRUTH[1:]]
    logits = head()(MAPS).logits
    target = torch.stack([blend, *F.one_hot(torch.tensor([3, 1]), 4).float()])
    torch.testing.assert_close(head().loss(MAPS, truth)["class"], F.cross_entropy(logits, target))


def test_weights_balance_the_classes_and_are_not_saved() -> None:
    balanced = head()
    balanced.class_weights.copy_(torch.tensor([2.0, 1.0, 1.0, 0.0]))
    expected = F.cross_entropy(balanced(MAPS).logits, torch.tensor([0, 3, 1]), weight=balanced.class_weights)
    torch.testing.assert_close(balanced.loss(MAPS, TRUTH)["class"], expected)
    assert "class_weights" not in balanced.state_dict()


def test_many_classes_are_those_above_one_half() -> None:
    many = ClassifyHead("top", nn.Sequential(nn.Flatten(1), nn.Linear(32, 4)), 4, loss="sigmoid")
    prediction = many.decode(type(many(MAPS))(torch.tensor([[3.0, -3.0, 0.1, -0.1]])))[0]
    assert prediction.get("labels").tolist() == [1, 0, 1, 0]
    assert prediction.label is None
    assert many.needs == {"labels"}


def test_the_digits_codes_are_twelve_by_seven_and_all_differ() -> None:
    codes = class_codes(10, ROWS * COLUMNS)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    distances = torch.cdist(codes, codes).fill_diagonal_(100)
    assert float(distances.min()) > 0
    eight, one = codes[8].view(ROWS, COLUMNS), codes[1].view(ROWS, COLUMNS)
    assert int((eight > 0).sum()) > int((one > 0).sum()) == 2 * ROWS
    assert bool((one[:, :5] < 0).all())


@pytest.mark.parametrize(("classes", "bits"), [(3, 84), (26, 84), (10, 6)])
def test_other_codes_are_reproducible_and_do_not_depend_on_what_follows(classes: int, bits: int) -> None:
    codes = class_codes(classes, bits)
    assert codes.shape == (classes, bits)
    torch.testing.assert_close(codes, class_codes(classes, bits))
    torch.testing.assert_close(codes[:2], class_codes(classes + 5, bits)[:2])
    assert set(codes.unique().tolist()) == {-1.0, 1.0}


def test_the_nearest_code_is_the_answer_and_nothing_learns() -> None:
    codes = class_codes(10, 84)
    distant = EuclideanHead("f6", codes)
    vectors = codes[[7, 2]].view(2, 84, 1, 1) * 0.9
    raw = distant(Maps({"f6": vectors}, torch.tensor([[32, 32]] * 2)))
    assert [int(prediction.get("label")) for prediction in distant.decode(raw)] == [7, 2]
    assert raw.distances[0, 7].item() == pytest.approx(84 * 0.01, rel=1e-4)
    assert list(distant.parameters()) == []
