"""The four sweeps, against a plain loop over positions, and what they are when they begin."""

import pytest
import torch

from saccade.core.level import Level
from saccade.layers.recurrent.irnn import Irnn, stacked_irnns, sweep, sweep_at_once
from saccade.necks.context import Context


def by_loop(layer: Irnn, picture: torch.Tensor) -> torch.Tensor:
    """(size, H, W) of one picture (entry, H, W), position by position."""
    seen = layer.enter(picture[None])[0]
    hidden, height, width = seen.shape
    weights = torch.eye(hidden).repeat(4, 1, 1) if layer.recur is None else layer.recur
    places = [(i, j) for i in range(height) for j in range(width)]
    found = torch.zeros(4 * hidden, height, width)
    for sweep_number, (down, right) in enumerate([(1, 0), (-1, 0), (0, 1), (0, -1)]):
        states = torch.zeros(hidden, height, width)
        for i, j in places if down + right > 0 else reversed(places):
            before = (i - down, j - right)
            inside = 0 <= before[0] < height and 0 <= before[1] < width
            carried = weights[sweep_number] @ states[:, before[0], before[1]] if inside else torch.zeros(hidden)
            states[:, i, j] = (carried + seen[:, i, j]).relu()
        found[sweep_number * hidden : (sweep_number + 1) * hidden] = states
    return layer.mix(found[None])[0]


@pytest.mark.parametrize("fixed", [False, True])
@torch.no_grad()
def test_it_equals_a_loop(fixed: bool) -> None:
    torch.manual_seed(0)
    layer = Irnn(3, 4, 5, fixed=fixed)
    if layer.recur is not None:
        layer.recur.copy_(torch.randn(4, 4, 4) / 2)
    pictures = torch.randn(2, 3, 4, 6)
    wanted = torch.stack([by_loop(layer, picture) for picture in pictures])
    torch.testing.assert_close(layer(pictures), wanted)


def test_it_begins_as_rectified_sums() -> None:
    torch.manual_seed(0)
    layer = Irnn(3, 4, 5)
    fixed = Irnn(3, 4, 5, fixed=True)
    fixed.load_state_dict({name: value for name, value in layer.state_dict().items() if name != "recur"})
    picture = torch.randn(1, 3, 5, 4)
    torch.testing.assert_close(layer(picture), fixed(picture))
    assert "recur" not in fixed.state_dict()


def test_a_sweep_adds_up_and_forgets_what_is_negative() -> None:
    line = torch.tensor([1.0, 2, -5, 1]).view(1, 4, 1, 1)
    assert sweep(line, None).flatten().tolist() == [1, 3, 0, 1]
    assert sweep(line, torch.full((1, 1, 1), 0.5)).flatten().tolist() == [1, 2.5, 0, 1]


@pytest.mark.parametrize("weights", [None, torch.eye(3).repeat(2, 1, 1)])
def test_the_operator_of_graphs_is_the_sweep(weights: torch.Tensor | None) -> None:
    lines = torch.randn(2, 5, 4, 3, generator=torch.Generator().manual_seed(2))
    assert torch.equal(sweep_at_once(lines, weights), sweep(lines, weights))
    torch.library.opcheck(sweep_at_once, (lines, weights), test_utils=("test_schema", "test_faketensor"))


def test_its_slope_is_that_of_its_values() -> None:
    torch.manual_seed(0)
    layer = Irnn(2, 2, 2).double()
    picture = torch.randn(1, 2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (picture,))


@torch.no_grad()
def test_after_two_layers_each_position_has_seen_the_whole_map() -> None:
    torch.manual_seed(1)
    neck = Context({"map": Level(8, 16)}, "map", stacked_irnns(8), 8)
    picture = torch.rand(1, 8, 5, 6)
    changed = picture.clone()
    changed[0, :, 0, 0] += 5
    moved = (neck({"map": changed})["context"] - neck({"map": picture})["context"]).abs().amax(1)
    assert bool((moved > 0).all())
    assert neck.levels == {"context": Level(8, 16)}


def test_without_recurrent_weights_the_paper_s_two_layers_have_its_parameters() -> None:
    with torch.device("meta"):
        neck = stacked_irnns(512, fixed=True)
        whole = stacked_irnns(512)
    assert sum(p.numel() for p in neck.parameters()) == 2_623_488
    assert sum(p.numel() for p in whole.parameters()) == 2_623_488 + 8 * 512**2
