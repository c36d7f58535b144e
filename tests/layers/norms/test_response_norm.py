"""Local response normalisation in every precision."""

import torch

from saccade.layers.norms.response_norm import ResponseNorm


def test_each_value_is_divided_by_its_neighbours() -> None:
    maps = torch.rand(1, 7, 2, 2)
    expected = maps[0, 3] / (2 + 1e-4 * maps[0, 1:6].square().sum(0)) ** 0.75
    torch.testing.assert_close(ResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)(maps)[0, 3], expected)


def test_bfloat16_is_normalised_too_and_stays_so() -> None:
    maps, norm = torch.rand(1, 7, 2, 2), ResponseNorm(5, alpha=0.5)
    short = norm(maps.bfloat16())
    assert short.dtype == torch.bfloat16
    torch.testing.assert_close(short.float(), norm(maps), rtol=2e-2, atol=1e-2)
