"""Patches one by one and all at once: the same answers, at another price."""

from typing import Any

import pytest
import torch

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.heads.pixels.patch_head import PatchPixelHead
from saccade.network.system import System

SMALL: dict[str, Any] = {"patch": 31, "depth": 3, "width": 1 / 8}


def small(**options: Any) -> System:
    torch.manual_seed(1)
    return sc.build("patch_pixels", 4, **{**SMALL, **options}).eval()


@pytest.mark.parametrize("options", [{}, {"patch": 39}, {"patch": 63, "depth": 4}, {"patch": 19, "depth": 2}])
@torch.no_grad()
def test_all_patches_at_once_say_what_each_says_alone(options: dict[str, Any]) -> None:
    dense, each = small(**options), small(evaluate="patches", **options)
    each.load_state_dict(dense.state_dict())
    pictures = [torch.rand(3, 9, 14), torch.rand(3, 7, 11)]
    at_once, alone = (system.forward(system.batch(pictures))["pixels"].logits for system in (dense, each))
    assert at_once.abs().max() > 0.1
    torch.testing.assert_close(at_once, alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_pixel_is_told_by_the_patch_about_it_alone() -> None:
    system = small()
    picture = torch.rand(3, 60, 60)
    changed = picture.clone()
    changed[:, 30, 40] = 1 - changed[:, 30, 40]
    one, other = (system.forward(system.batch([p]))["pixels"].logits[0] for p in (picture, changed))
    rows, columns = (one != other).any(0).nonzero().T
    rim = system.input.margin
    assert rim == 15
    # In the batch's pixels, whose margin comes first.
    assert int(rows.min()) >= 30
    assert int(rows.max()) <= 30 + 2 * rim
    assert int(columns.min()) >= 40
    assert int(columns.max()) <= 40 + 2 * rim
    assert len(rows) > 300


def test_one_by_one_costs_hundreds_of_times_as_much() -> None:
    """N4 on 512 pixels: 418 × 418 patches of 134 million multiply-adds each, or one pass."""
    at_once, alone = (sc.describe(small(patch=95, depth=4, width=1.0, evaluate=how), size=160) for how in WAYS)
    assert at_once.parameters == alone.parameters
    of_one = (
        92**2 * 48 * 48 + 42**2 * 48 * 48 * 25 + 18**2 * 48 * 48 * 16 + 6**2 * 48 * 48 * 16 + 9 * 48 * 200 + 200 * 4
    )
    assert alone.multiply_adds == 66**2 * of_one
    assert alone.multiply_adds / at_once.multiply_adds > 200


WAYS = ("dense", "patches")


def test_as_many_patches_of_each_class_are_learnt_from() -> None:
    head = small(evaluate="patches", samples=30).heads["pixels"]
    assert isinstance(head, PatchPixelHead)
    target = torch.zeros(20, 25, dtype=torch.int64)
    target[3, 4], target[5:9, 2:5], target[0] = 1, 3, 255
    owners, rows, columns = head._drawn((7, target))
    assert owners.unique().tolist() == [7]
    assert target[rows, columns].bincount(minlength=4).tolist() == [10, 10, 0, 10]
    assert len(head._drawn((0, torch.full((4, 4), 255)))[0]) == 0


def test_a_loss_is_that_of_the_middle_pixels() -> None:
    """Where all pixels are of one class, and alike, any patch costs what the picture does."""
    dense, each = small(), small(evaluate="patches")
    each.load_state_dict(dense.state_dict())
    picture, truth = torch.full((3, 20, 20), 0.4), Annotation(semantic=torch.full((20, 20), 2))
    costs = [next(iter(s.loss(s.batch([picture], [truth])).values())) for s in (dense, each)]
    torch.testing.assert_close(costs[0], costs[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", WAYS)
def test_pictures_without_a_known_pixel_cost_nothing(how: str) -> None:
    system = small(evaluate=how)
    batch = system.batch([torch.rand(3, 8, 8)], [Annotation(semantic=torch.full((8, 8), 255))])
    (loss,) = system.loss(batch).values()
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is not None and not p.grad.any() for p in system.parameters())


@pytest.mark.parametrize("size", [(5, 40), (33, 20)])
def test_every_pixel_of_a_picture_of_any_size_is_told(size: tuple[int, int]) -> None:
    assert sc.Predictor(small())(torch.rand(3, *size)).semantic.shape == size


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"patch": 32}, "take one of 31, 39, 47, 55"),
        ({"patch": 15, "depth": 4}, "take one of 63, 79, 95, 111"),
        ({"depth": 5}, "depth from 1 to 4"),
        ({"samples": 0}, "samples"),
        ({"size": 0}, "size"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        small(**options)
