"""Pictures of one size go through the network together, so that none is padded for another's sake."""

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

# Pixels of resized pictures that may wait for others of their size: 800 MB as float RGB.
ROOM = 2**26

T = TypeVar("T")
S = TypeVar("S")


def buckets(
    items: Iterable[T], key: Callable[[T], Hashable], weight: Callable[[T], int], size: int, room: int
) -> Iterator[list[T]]:
    """Items of equal key together, as they come; a stream of any length needs little memory.

    Args:
        items: The items.
        key: What the items of a bucket have in common.
        weight: What an item costs while it waits for company.
        size: Greatest number of items of a bucket.
        room: Weight that may wait; the heaviest bucket goes when it is reached.

    Yields:
        Each item once, in a list of 1..`size` items of equal key, in which they stand as they came.
    """
    waiting: dict[Hashable, list[T]] = {}
    weights: dict[Hashable, int] = {}
    for item in items:
        name = key(item)
        waiting.setdefault(name, []).append(item)
        weights[name] = weights.get(name, 0) + weight(item)
        full = len(waiting[name]) >= size
        if full or sum(weights.values()) >= room:
            goes = name if full else max(weights, key=lambda k: weights[k])
            del weights[goes]
            yield waiting.pop(goes)
    yield from waiting.values()


def ahead(function: Callable[[S], T], items: Iterable[S], threads: int = 2) -> Generator[T]:
    """``map(function, items)`` in order, a few items ahead in threads: decoders release Python's lock."""
    stream = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        begun: list[Future[T]] = [pool.submit(function, item) for item in islice(stream, 2 * threads)]
        while begun:
            done = begun.pop(0)
            begun += [pool.submit(function, item) for item in islice(stream, 1)]
            yield done.result()
