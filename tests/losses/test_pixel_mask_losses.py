"""Losses of pixels that may be of several classes, beside their definitions, written out pixel by pixel."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.level import Level
from saccade.core.masks import Masks
from saccade.heads.pixels.coarse_head import CoarsePixelHead
from saccade.heads.pixels.pixel_head import PixelHead, layers_of
from saccade.layers.decoder.coarse_scores import SummedScores
from saccade.losses.lovasz import IGNORE, lovasz_hinge
from saccade.losses.pixel_masks import binary_pixels, dice_masks, focal_masks
from saccade.losses.pixels import PixelLoss
from saccade.network.maps import Maps

CLASSES = 3
ALL = (binary_pixels, focal_masks, dice_masks, lovasz_hinge)
SEVERAL = PixelLoss(labels="several")


@pytest.fixture
def scored() -> tuple[Tensor, Tensor]:
    """(2, 3, 4, 5) scores and masks; class 2 is shown nowhere, some pixels of some classes are unknown."""
    rng = torch.Generator().manual_seed(3)
    target = torch.randint(0, 2, (2, CLASSES, 4, 5), generator=rng)
    target[:, 2] = 0
    target[0, 0, 0] = target[1, 1, 2] = target[0, 2, 3] = IGNORE
    return torch.randn(2, CLASSES, 4, 5, generator=rng), target.byte()


def known(logits: Tensor, target: Tensor) -> list[tuple[int, float, int]]:
    """Class, probability and truth of all that counts."""
    rows = logits.sigmoid().movedim(1, -1).reshape(-1, CLASSES).tolist()
    truth = target.movedim(1, -1).reshape(-1, CLASSES).tolist()
    pairs = zip(rows, truth, strict=True)
    return [(c, row[c], shown[c]) for row, shown in pairs for c in range(CLASSES) if shown[c] != IGNORE]


def test_cross_entropy_and_focal_are_means_over_all_that_is_known(scored) -> None:
    logits, target = scored
    weights, rows = torch.tensor([0.5, 4.0, 1.0]), known(logits, target)
    right = [(c, p if shown else 1 - p) for c, p, shown in rows]
    plain = sum(-math.log(p) * float(weights[c]) for c, p in right)
    assert binary_pixels(logits, target, weights).item() == pytest.approx(plain / len(rows), rel=1e-5)
    assert binary_pixels(logits, target, weights, "pictures").item() == pytest.approx(plain / 2, rel=1e-5)
    focal = sum(-((1 - p) ** 2) * math.log(p) * float(weights[c]) for c, p in right)
    assert focal_masks(logits, target, 2.0, weights).item() == pytest.approx(focal / len(rows), rel=1e-4)


def test_dice_is_a_mean_over_the_classes_shown(scored) -> None:
    logits, target = scored
    rows, scores = known(logits, target), []
    for label in (0, 1):
        own = [(p, shown) for c, p, shown in rows if c == label]
        both = sum(p * shown for p, shown in own)
        scores.append((2 * both + 1) / (sum(p for p, _ in own) + sum(shown for _, shown in own) + 1))
    assert dice_masks(logits, target).item() == pytest.approx(1 - sum(scores) / 2, rel=1e-5)


def test_lovasz_is_the_extension_of_the_set_function_to_the_hinge(scored) -> None:
    """The integral over thresholds of 1 - IoU of the pixels whose errors pass, for each class."""
    logits, target = scored
    total = 0.0
    for label in range(CLASSES):
        counts = target[:, label] != IGNORE
        truth, scores = target[:, label][counts] == 1, logits[:, label][counts]
        errors = (1 - torch.where(truth, scores, -scores)).clamp(min=0)
        for low, high in pairwise([0.0, *errors.sort().values.tolist()]):
            guess = truth ^ (errors >= high)
            total += (high - low) * (1 - float((guess & truth).sum() / (guess | truth).sum().clamp(min=1)))
    assert lovasz_hinge(logits, target).item() == pytest.approx(total / CLASSES, rel=1e-5)


@pytest.mark.parametrize("loss", ALL)
def test_what_is_unknown_counts_in_none(loss, scored) -> None:
    logits, target = scored
    other = torch.where(target == IGNORE, torch.full_like(logits, 7.0), logits)
    assert loss(other, target).item() == pytest.approx(loss(logits, target).item(), rel=1e-6)
    logits.requires_grad_()
    loss(logits, torch.full_like(target, IGNORE)).backward()
    assert logits.grad.abs().sum() == 0


@pytest.mark.parametrize("loss", ALL)
def test_one_class_alone_is_learnt(loss) -> None:
    target = torch.zeros(1, 1, 4, 4, dtype=torch.uint8)
    target[..., :2] = 1
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    loss(logits, target).backward()
    descent = -logits.grad
    assert bool((descent[target == 1] > 0).any())
    assert bool((descent[target == 1] >= 0).all())
    assert bool((descent[target == 0] <= 0).all())


def test_classes_not_sought_and_unknown_pixels_are_no_target() -> None:
    dense = torch.zeros(2, 3, 4, dtype=torch.bool)
    dense[0, 0], dense[1, 1] = True, True
    unknown = torch.zeros(3, 4, dtype=torch.bool)
    unknown[2] = True
    sought = torch.tensor([True, False])
    layers = layers_of(Annotation(semantic_masks=Masks.from_dense(dense), semantic_masks_unknown=unknown))
    assert layers.tolist() == [[[1] * 4, [0] * 4, [255] * 4], [[0] * 4, [1] * 4, [255] * 4]]
    layers = layers_of(Annotation(semantic_masks=Masks.from_dense(dense), semantic_sought=sought))
    assert layers[1].eq(255).all()


def maps(channels: int, side: int, height: int, width: int) -> Maps:
    draw = torch.Generator().manual_seed(1)
    tensors = {"image": torch.zeros(2, 3, height, width), "map": torch.randn(2, channels, side, side, generator=draw)}
    return Maps(tensors, torch.tensor([[height, width], [height - 2, width - 3]]))


def truths(height: int, width: int) -> list[Annotation]:
    draw = torch.Generator().manual_seed(2)
    sizes = ((height, width), (height - 2, width - 3))
    return [Annotation(semantic_masks=Masks.from_dense(torch.rand(2, *size, generator=draw) > 0.5)) for size in sizes]


def test_pixels_outside_a_picture_or_beyond_the_map_cost_nothing() -> None:
    head = PixelHead("map", torch.nn.Conv2d(4, 2, 1), 2, offset=3, loss=SEVERAL)
    seen, shown = maps(4, 5, 16, 16), truths(16, 16)
    target = torch.full((2, 2, 16, 16), 255)
    for canvas, one in zip(target, shown, strict=True):
        dense = one.semantic_masks.dense().long()
        canvas[:, : dense.shape[1], : dense.shape[2]] = dense
    inner = target[:, :, 3:13, 3:13]
    logits = head(seen).logits[:, :, 3:13, 3:13]
    assert head.loss(seen, shown)["class"].item() == pytest.approx(binary_pixels(logits, inner).item(), rel=1e-5)


def test_at_positions_their_own_pixels_are_the_target() -> None:
    head = CoarsePixelHead(SummedScores({"map": Level(4, 8)}, 2), 2, corners=True, loss=SEVERAL)
    seen, shown = maps(4, 3, 17, 17), truths(17, 17)
    target = torch.full((2, 2, 3, 3), 255)
    for canvas, one in zip(target, shown, strict=True):
        dense = one.semantic_masks.dense().long()
        for row, y in enumerate((0, 8, 16)):
            for column, x in enumerate((0, 8, 16)):
                if y < dense.shape[1] and x < dense.shape[2]:
                    canvas[:, row, column] = dense[:, y, x]
    (logits,) = head.body(seen).values()
    (cost,) = head.loss(seen, shown).values()
    assert cost.item() == pytest.approx(binary_pixels(logits, target).item(), rel=1e-5)
