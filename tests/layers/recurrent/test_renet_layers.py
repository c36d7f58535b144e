"""ReNet's sweeps, against recurrent networks that are unrolled by hand."""

import pytest
import torch
from torch import Tensor, nn

from saccade.layers.recurrent.renet import ReNetLayer, both_ways_at_once


def unrolled(network: nn.GRU, line: Tensor) -> Tensor:
    """(length, 2 hidden) states along one line (length, C), forward and backward, one step after another."""
    weights = dict(network.named_parameters())
    states = []
    for suffix, steps in (("", line), ("_reverse", line.flip(0))):
        state, found = line.new_zeros(network.hidden_size), []
        for value in steps:
            seen = weights["weight_ih_l0" + suffix] @ value + weights["bias_ih_l0" + suffix]
            kept = weights["weight_hh_l0" + suffix] @ state + weights["bias_hh_l0" + suffix]
            (r, z, n), (r2, z2, n2) = seen.chunk(3), kept.chunk(3)
            update = torch.sigmoid(z + z2)
            state = (1 - update) * torch.tanh(n + torch.sigmoid(r + r2) * n2) + update * state
            found.append(state)
        states.append(torch.stack(found if suffix == "" else found[::-1]))
    return torch.cat(states, 1)


@torch.no_grad()
def test_a_layer_sweeps_columns_of_patches_and_then_rows() -> None:
    torch.manual_seed(0)
    layer, picture = ReNetLayer(2, 3, patch=2), torch.randn(1, 2, 4, 6)
    patches = torch.stack(
        [
            torch.stack([picture[0, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].flatten() for j in range(3)])
            for i in range(2)
        ]
    )
    columns = torch.stack([unrolled(layer.vertical, patches[:, j]) for j in range(3)], 1)
    rows = torch.stack([unrolled(layer.horizontal, columns[i]) for i in range(2)])
    torch.testing.assert_close(layer(picture)[0], rows.permute(2, 0, 1))


@torch.no_grad()
def test_rows_may_be_swept_before_columns() -> None:
    """That is the other order on the picture turned about its diagonal, with the networks changed about."""
    torch.manual_seed(0)
    layer, other, picture = ReNetLayer(2, 3, first="rows"), ReNetLayer(2, 3), torch.randn(1, 2, 4, 6)
    other.vertical, other.horizontal = layer.horizontal, layer.vertical
    torch.testing.assert_close(layer(picture), other(picture.transpose(2, 3)).transpose(2, 3))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@torch.no_grad()
def test_every_position_sees_the_whole_map(cell: str) -> None:
    torch.manual_seed(0)
    layer, picture = ReNetLayer(1, 4, patch=2, cell=cell), torch.rand(1, 1, 8, 8)
    changed = picture.clone()
    changed[0, 0, 0, 0] += 1
    assert bool(((layer(changed) - layer(picture)).abs().amax(1) > 0).all())


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@torch.no_grad()
def test_the_operator_of_graphs_is_the_network(cell: str) -> None:
    torch.manual_seed(0)
    network, lines = ReNetLayer(3, 4, cell=cell).vertical, torch.randn(2, 5, 3)
    given = (lines, list(network.parameters()), cell == "lstm")
    torch.testing.assert_close(both_ways_at_once(*given), network(lines)[0])
    torch.library.opcheck(both_ways_at_once, given, test_utils=("test_schema", "test_faketensor"))


def test_a_border_that_fills_no_patch_is_completed_with_zeros() -> None:
    layer, picture = ReNetLayer(1, 4, patch=2), torch.rand(1, 1, 5, 7)
    torch.testing.assert_close(layer(picture), layer(nn.functional.pad(picture, (0, 1, 0, 1))))
    assert layer(picture).shape == (1, 8, 3, 4)
