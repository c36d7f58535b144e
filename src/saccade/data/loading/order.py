"""Which pictures come when: a function of (seed, epoch) alone, so that a run that was killed goes on as if it had not.

Workers, restarts and the global state of random numbers have no say in it.
"""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def mixed(*parts: int | str) -> int:
    """A seed of 63 bits from whole numbers and names; near numbers give unlike seeds."""
    text = ",".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1


def generator(*numbers: int) -> torch.Generator:
    """A generator on the CPU, seeded by whole numbers such as (seed, epoch, index)."""
    return torch.Generator().manual_seed(mixed(*numbers))


def epoch_order(count: int, seed: int, epoch: int, weights: Tensor | None = None) -> list[int]:
    """The order of an epoch: a permutation, or `count` draws by weight.

    Draws by weight are systematic: a picture whose expected number is 2.3 comes twice or three times.

    Args:
        count: Number of pictures.
        seed: The run's seed.
        epoch: Counted from 0.
        weights: (count,) chances, in any unit.
    """
    source = generator(seed, epoch)
    order = torch.randperm(count, generator=source)
    if weights is None or count == 0:
        return order.tolist()
    # The strip of weights is cut at `count` even steps from a random start. Pictures of one weight, mostly one class,
    # lie together there, so that each class gets its share exactly; among them the order is random.
    order = order[weights[order].argsort(stable=True)]
    ends = weights.double()[order].cumsum(0)
    steps = (torch.arange(count) + torch.rand(1, generator=source, dtype=torch.float64)) * (ends[-1] / count)
    drawn = order[torch.searchsorted(ends, steps, right=True).clamp(max=count - 1)]
    return drawn[torch.randperm(count, generator=source)].tolist()


def shard(order: Sequence[int], rank: int, world: int, even: bool) -> list[int]:
    """The part of an order that one of `world` processes takes.

    Args:
        order: The whole.
        rank: Which process, from 0.
        world: How many processes.
        even: Whether all take the same number (training: the order begins anew until it goes round), or every item is
            taken once (evaluation).
    """
    items = list(order)
    if even and items:
        lack = -len(items) % world
        items += [items[place % len(items)] for place in range(lack)]
    return items[rank::world]


def batches(order: Sequence[int], size: int, drop_last: bool = False) -> list[list[int]]:
    """An order cut into batches; the last may be smaller, or is dropped."""
    cut = [list(order[start : start + size]) for start in range(0, len(order), size)]
    return cut[:-1] if drop_last and cut and len(cut[-1]) < size else cut


def grouped_batches(order: Sequence[int], sizes: Sequence[tuple[int, int]], size: int) -> list[list[int]]:
    """Batches of pictures of one size each, so that nobody's padding depends on their company.

    Args:
        order: Which pictures.
        sizes: (H, W) of each of these, as a network sees it.
        size: Pictures in a batch, at most.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for index, shape in zip(order, sizes, strict=True):
        groups.setdefault(shape, []).append(index)
    return [batch for _, group in sorted(groups.items()) for batch in batches(group, size)]


def balancing_weights(classes: Sequence[frozenset[int]]) -> Tensor:
    """(N,) weights under which rare classes come as often as common ones.

    A picture weighs as much as its rarest class: one over the number of pictures that show it. Pictures that show
    nothing count as a class of their own.

    Args:
        classes: The classes that each of N pictures shows.
    """
    shown = [found or frozenset({-1}) for found in classes]
    counts: dict[int, int] = {}
    for found in shown:
        for label in found:
            counts[label] = counts.get(label, 0) + 1
    return torch.tensor([max(1 / counts[label] for label in found) for found in shown], dtype=torch.float64)
