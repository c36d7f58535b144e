"""The order of an epoch: the same for the same seed, fair to all, and shared without loss."""

import pytest
import torch

from saccade.data.loading.order import balancing_weights, batches, epoch_order, generator, grouped_batches, mixed, shard


def test_an_order_is_a_permutation_of_seed_and_epoch() -> None:
    orders = [epoch_order(100, seed, epoch) for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))]
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders}) == 3
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert epoch_order(0, 1, 2) == []


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    epoch_order(10, 0, 0, torch.ones(10))
    assert torch.equal(before, torch.get_rng_state())


def test_seeds_mix() -> None:
    assert len({mixed(a, b, c) for a in range(10) for b in range(10) for c in range(10)} | {mixed(1, 11)}) == 1001
    assert mixed(1, 2, 3) == mixed(1, 2, 3) < 2**63
    assert torch.rand(1, generator=generator(1, 23)) != torch.rand(1, generator=generator(12, 3))


@pytest.mark.parametrize(("count", "world"), [(5, 2), (8, 4), (1, 3), (0, 2), (7, 1)])
def test_shares(count: int, world: int) -> None:
    training = [shard(range(count), rank, world, even=True) for rank in range(world)]
    evaluation = [shard(range(count), rank, world, even=False) for rank in range(world)]
    assert len({len(part) for part in training}) == 1
    assert {index for part in training for index in part} == set(range(count))
    assert sorted(index for part in evaluation for index in part) == list(range(count))


def test_batches_and_their_last() -> None:
    assert batches(range(5), 2) == [[0, 1], [2, 3], [4]]
    assert batches(range(5), 2, drop_last=True) == [[0, 1], [2, 3]]
    assert batches(range(4), 2, drop_last=True) == [[0, 1], [2, 3]]
    assert batches([], 2) == []


def test_groups_hold_one_size() -> None:
    sizes = [(8, 8), (4, 8), (8, 8), (8, 8), (4, 8)]
    assert grouped_batches(range(5), sizes, 2) == [[1, 4], [0, 2], [3]]


def test_rare_classes_come_as_often_as_common_ones() -> None:
    classes = [frozenset({0})] * 90 + [frozenset({1})] * 9 + [frozenset()]
    weights = balancing_weights(classes)
    order = torch.tensor(epoch_order(100, 3, 0, weights))
    counts = [int((order < 90).sum()), int(((order >= 90) & (order < 99)).sum()), int((order == 99).sum())]
    assert all(abs(count - 100 / 3) <= 1 for count in counts)
    assert epoch_order(100, 3, 1, weights) != order.tolist() == epoch_order(100, 3, 0, weights)
    assert len(set(order[order < 90].tolist())) > 30  # Common ones take turns.


def test_a_picture_weighs_as_its_rarest_class() -> None:
    weights = balancing_weights([frozenset({0, 1}), frozenset({0}), frozenset({0})])
    assert weights.tolist() == pytest.approx([1, 1 / 3, 1 / 3])
    assert len(balancing_weights([])) == 0
