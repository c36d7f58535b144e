"""All chance is a function of seed, epoch and index, and of the order of the draws."""

import pytest
import torch

from saccade.data.augment.rng import RandomDraws, generator_for


def draws(seed: int, epoch: int, index: int) -> list[float]:
    rng = RandomDraws(generator_for(seed, epoch, index))
    return [rng.uniform(0, 1), rng.log_uniform(0.5, 2), rng.whole(0, 9), rng.beta(0.3), *rng.normal(2).tolist()]


def test_the_same_numbers_give_the_same_draws_and_any_other_gives_others():
    assert draws(1, 2, 3) == draws(1, 2, 3)
    others = [draws(*numbers) for numbers in ((0, 2, 3), (1, 3, 2), (2, 1, 3), (1, 2, 4), (12, 3, 0))]
    assert all(other[0] != draws(1, 2, 3)[0] for other in others)


def test_the_global_generator_is_neither_read_nor_moved():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    draws(1, 2, 3)
    assert torch.equal(before, torch.get_rng_state())


def test_ranges_and_means():
    rng = RandomDraws(generator_for(0, 0, 0))
    assert {rng.whole(2, 4) for _ in range(60)} == {2, 3, 4}
    assert all(0.5 <= rng.log_uniform(0.5, 2) <= 2 for _ in range(60))
    assert sum(rng.log_uniform(0.5, 2) < 1 for _ in range(400)) / 400 == pytest.approx(0.5, abs=0.1)
    assert sum(rng.happens(0.25) for _ in range(400)) / 400 == pytest.approx(0.25, abs=0.08)
    assert not rng.happens(0)
    assert all(rng.happens(1) for _ in range(20))
    assert rng.spread(0) == 0
    betas = [rng.beta(0.2) for _ in range(200)]
    assert sum(betas) / 200 == pytest.approx(0.5, abs=0.1)
    assert sum(beta < 0.1 or beta > 0.9 for beta in betas) > 100
