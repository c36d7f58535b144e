"""Costs of misplaced boxes."""

import pytest
import torch

from saccade.losses.localization import half_squared, smooth_l1

GUESS = torch.tensor([[0.2, 0.1, 0.5, 0.7], [0.0, 0.0, 1.0, 1.0]])
TARGET = torch.tensor([[0.3, 0.1, 0.3, 0.7], [0.0, 0.0, 1.0, 1.0]])


def test_the_lecture_s_loss_is_the_mean_of_half_squares() -> None:
    assert half_squared(GUESS, TARGET).mean().item() == pytest.approx(((0.1**2) + (0.2**2)) / (2 * 2))


def test_smooth_l1_is_quadratic_then_linear() -> None:
    difference = torch.tensor([[0.05, 0.0, 0.0, 0.0], [0.3, 0.0, 0.0, 0.0]])
    assert smooth_l1(difference, torch.zeros(2, 4)).tolist() == pytest.approx([0.05**2 / 0.2, 0.3 - 0.05])
