"""The refinement of masks: as many channels as published, and in narrow networks enough to learn."""

import pytest
import torch
from torch.nn import functional

from saccade.core.level import Level
from saccade.layers.towers.mask_refinement import MaskRefinement

SIDE, NUMBERS, STEPS = 2, 8, 60
LEVELS = {f"map{stride}": Level(4, stride) for stride in (16, 8, 4, 2)}


def channels(width: float) -> list[int]:
    """Channels from above, of each step and after the last."""
    made = MaskRefinement(LEVELS, NUMBERS, SIDE, width)
    return [*(layers[0].in_channels for layers in made.above), made.last.in_channels]


@pytest.mark.parametrize(
    ("width", "wanted"), [(1.0, [32, 16, 8, 4, 2]), (0.5, [16, 8, 8, 4, 2]), (0.25, [8, 8, 8, 4, 2])]
)
def test_channels_are_the_paper_s_and_not_many_fewer(width: float, wanted: list[int]) -> None:
    assert channels(width) == wanted


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_a_narrow_one_learns_an_outline(seed: int) -> None:
    """Of two channels everywhere the last two of these seeds told the same of every pixel for good."""
    torch.manual_seed(seed)
    made = MaskRefinement(LEVELS, NUMBERS, SIDE, 0.25)
    optimiser = torch.optim.Adam(made.parameters(), lr=0.01)
    numbers = torch.randn(2, NUMBERS)
    sides = [
        torch.randn(2, layers[-1].out_channels, SIDE << step, SIDE << step) for step, layers in enumerate(made.aside)
    ]
    outline = torch.zeros(2, 16 * SIDE, 16 * SIDE)
    outline[0, 4:20, 4:20] = outline[1, 10:28, 6:30] = 1.0
    share = outline.mean()
    of_a_constant = functional.binary_cross_entropy(share.expand_as(outline), outline)
    for _ in range(STEPS):
        loss = functional.binary_cross_entropy_with_logits(made(numbers, sides), outline)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert functional.binary_cross_entropy_with_logits(made(numbers, sides), outline) < 0.85 * of_a_constant
