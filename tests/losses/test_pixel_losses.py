"""Losses of pixels beside their definitions, written out pixel by pixel."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from saccade.losses.pixels import (
    IGNORE,
    binary_pixels,
    dice_loss,
    focal_pixels,
    lovasz_softmax,
    pixel_cross_entropy,
)

CLASSES = 3
ALL = (pixel_cross_entropy, focal_pixels, dice_loss, lovasz_softmax)


@pytest.fixture
def scored() -> tuple[Tensor, Tensor]:
    """(2, 3, 4, 5) scores and (2, 4, 5) classes; class 2 is shown nowhere, some pixels are unknown."""
    rng = torch.Generator().manual_seed(3)
    target = torch.randint(0, 2, (2, 4, 5), generator=rng)
    target[0, 0] = IGNORE
    return torch.randn(2, CLASSES, 4, 5, generator=rng), target


def known(logits: Tensor, target: Tensor) -> list[tuple[list[float], int]]:
    """Probabilities and class of each pixel that counts."""
    rows = logits.softmax(1).movedim(1, -1).reshape(-1, CLASSES).tolist()
    return [(row, label) for row, label in zip(rows, target.flatten().tolist(), strict=True) if label != IGNORE]


def test_cross_entropy_is_divided_by_pixels_not_by_weights(scored) -> None:
    logits, target = scored
    weights, rows = torch.tensor([0.5, 4.0, 1.0]), known(logits, target)
    total = sum(-math.log(row[label]) * float(weights[label]) for row, label in rows)
    assert pixel_cross_entropy(logits, target, weights).item() == pytest.approx(total / len(rows), rel=1e-5)
    assert pixel_cross_entropy(logits, target, weights, mean_over="pictures").item() == pytest.approx(
        total / 2, rel=1e-5
    )
    twice = pixel_cross_entropy(logits, target, weights, torch.full(target.shape, 2.0))
    assert twice.item() == pytest.approx(2 * total / len(rows), rel=1e-5)


def test_focal_loss_leaves_sure_pixels_out(scored) -> None:
    logits, target = scored
    rows = known(logits, target)
    for gamma in (0.0, 0.5, 2.0):
        wanted = sum(-((1 - row[label]) ** gamma) * math.log(row[label]) for row, label in rows) / len(rows)
        assert focal_pixels(logits, target, gamma).item() == pytest.approx(wanted, rel=1e-5)
    sure = torch.nn.functional.one_hot(target.clamp(max=2), CLASSES).movedim(-1, 1) * 60.0
    sure.requires_grad_()
    focal_pixels(sure, target, 0.5).backward()
    assert bool(sure.grad.isfinite().all())


def test_dice_is_a_mean_over_the_classes_shown(scored) -> None:
    logits, target = scored
    rows = known(logits, target)
    dice = []
    for label in (0, 1):
        both = sum(row[label] for row, truth in rows if truth == label)
        dice.append((2 * both + 1) / (sum(row[label] for row, _ in rows) + sum(t == label for _, t in rows) + 1))
    assert dice_loss(logits, target).item() == pytest.approx(1 - sum(dice) / 2, rel=1e-5)


def test_lovasz_of_sure_answers_is_one_minus_iou(scored) -> None:
    _, target = scored
    guess = torch.randint(0, CLASSES, target.shape, generator=torch.Generator().manual_seed(4))
    sure = torch.nn.functional.one_hot(guess, CLASSES).movedim(-1, 1) * 200.0
    iou, seen = [], target != IGNORE
    for label in (0, 1):
        both = ((guess == label) & (target == label) & seen).sum()
        either = (((guess == label) | (target == label)) & seen).sum()
        iou.append(float(both / either))
    assert lovasz_softmax(sure, target).item() == pytest.approx(1 - sum(iou) / 2, rel=1e-5)


def test_lovasz_is_the_extension_of_the_set_function() -> None:
    """Of one class: the integral over thresholds of 1 - IoU of the pixels whose errors pass (Lovász's definition)."""
    rng = torch.Generator().manual_seed(5)
    logits, target = torch.randn(1, 2, 3, 3, generator=rng), torch.randint(0, 2, (1, 3, 3), generator=rng)
    total = 0.0
    for label in (0, 1):
        truth = (target[0] == label).flatten()
        errors = (truth.float() - logits.softmax(1)[0, label].flatten()).abs()
        levels = [0.0, *errors.sort().values.tolist()]
        for low, high in pairwise(levels):
            wrong = errors >= high
            guess = truth ^ wrong
            total += (high - low) * (1 - float((guess & truth).sum() / (guess | truth).sum().clamp(min=1)))
    assert lovasz_softmax(logits, target).item() == pytest.approx(total / 2, rel=1e-5)


@pytest.mark.parametrize("loss", ALL)
def test_what_is_unknown_counts_in_none(loss, scored) -> None:
    logits, target = scored
    other = torch.where((target == IGNORE)[:, None], torch.full_like(logits, 7.0), logits)
    assert loss(other, target).item() == pytest.approx(loss(logits, target).item(), rel=1e-6)
    logits.requires_grad_()
    loss(logits, torch.full_like(target, IGNORE)).backward()
    assert logits.grad.abs().sum() == 0


def test_masks_may_overlap() -> None:
    logits = torch.tensor([[[[2.0, -1.0]], [[0.5, 3.0]]]])
    target = torch.tensor([[[[1, 0]], [[1, IGNORE]]]])
    cost = [
        -math.log(1 / (1 + math.exp(-2.0))),
        -math.log(1 - 1 / (1 + math.exp(1.0))),
        -math.log(1 / (1 + math.exp(-0.5))),
    ]
    assert binary_pixels(logits, target).item() == pytest.approx(sum(cost) / 3, rel=1e-5)
