"""Boundary F1 against a plain count of its definition."""

from math import hypot

import pytest
import torch
from torch import Tensor

import saccade as sc
from saccade.core.errors import UsageError


def border(classes: Tensor, known: Tensor, label: int) -> list[tuple[int, int]]:
    height, width = classes.shape
    found: list[tuple[int, int]] = []
    for y in range(height):
        for x in range(width):
            around = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
            inside = [(v, u) for v, u in around if 0 <= v < height and 0 <= u < width and known[v, u]]
            if known[y, x] and classes[y, x] == label and any(classes[at] != label for at in inside):
                found.append((y, x))
    return found


def matches(found: list[tuple[int, int]], wanted: list[tuple[int, int]], reach: float) -> int:
    """Augmenting paths, one pixel after the other."""
    of: dict[int, int] = {}

    def seek(row: int, seen: set[int]) -> bool:
        for column, place in enumerate(wanted):
            if column in seen or hypot(found[row][0] - place[0], found[row][1] - place[1]) > reach + 1e-9:
                continue
            seen.add(column)
            if column not in of or seek(of[column], seen):
                of[column] = row
                return True
        return False

    return sum(seek(row, set()) for row in range(len(found)))


def plain(guess: Tensor, truth: Tensor, tolerance: float, ignore: int) -> float | None:
    known, scores = truth != ignore, list[float]()
    for label in truth[known].unique().tolist():
        found, wanted = border(guess, known, label), border(truth, known, label)
        if found or wanted:
            shared = matches(found, wanted, tolerance * hypot(*truth.shape))
            precision, recall = shared / max(len(found), 1), shared / max(len(wanted), 1)
            scores.append(2 * precision * recall / (precision + recall) if shared else 0.0)
    return sum(scores) / len(scores) if scores else None


@pytest.mark.parametrize("seed", range(8))
def test_it_is_what_the_definition_counts(seed: int) -> None:
    torch.manual_seed(seed)
    truth = torch.randint(0, 3, (4, 5)).repeat_interleave(3, 0).repeat_interleave(3, 1)
    guess = torch.where(torch.rand(truth.shape) < 0.1, torch.randint(0, 4, truth.shape), truth.roll(seed % 3, 1))
    truth = torch.where(torch.rand(truth.shape) < 0.05, 7, truth)
    for tolerance in (0.0, 0.06, 0.15):
        found = sc.metrics.boundary_f1(guess, truth, tolerance, ignore=7)
        assert found == pytest.approx(plain(guess, truth, tolerance, 7))


def test_borders_a_pixel_off_are_right_within_the_tolerance_alone() -> None:
    truth = torch.zeros(60, 80, dtype=torch.int64)
    truth[20:40, 20:50] = 1
    assert sc.metrics.boundary_f1(truth, truth) == 1
    assert sc.metrics.boundary_f1(truth.roll(1, 1), truth, tolerance=0.0101) == 1
    shifted = sc.metrics.boundary_f1(truth.roll(1, 1), truth, tolerance=0.009)
    assert shifted is not None
    assert 0.4 < shifted < 0.9
    assert sc.metrics.boundary_f1(torch.zeros_like(truth), truth) == 0


def test_without_borders_nothing_is_said() -> None:
    truth = torch.full((9, 9), 2)
    assert sc.metrics.boundary_f1(truth, truth) is None
    assert sc.metrics.boundary_f1(truth, torch.full((9, 9), 255)) is None
    with pytest.raises(UsageError, match="one shape"):
        sc.metrics.boundary_f1(truth, truth[:3])
