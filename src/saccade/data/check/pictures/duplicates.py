"""The same picture twice: exactly, or compressed anew, resized, turned or mirrored.

Legend: N pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.data.check.pictures.fingerprint import WAYS, Fingerprint, turned

# Bits in which the hashes of two copies may differ. With 4 words of 16 bits, two hashes of at most 7 different bits
# have a word in which they differ by 1 bit at most, and by such words the candidates are found.
MOST_BITS = 7
# How alike the small pictures must be: the correlation of copies is above, that of other pictures below.
LEAST_CORRELATION = 0.97
# Below this spread of grey values a picture is flat, and alike to all flat ones.
_LEAST_SPREAD = 4.0
_WORDS, _WORD_BITS = 4, 16
_MOST_PAIRS = 2_000_000  # Of one word; more have nothing but that word in common, such as half a white sheet.


@dataclass(frozen=True)
class Pair:
    """Two pictures that are alike.

    Attributes:
        first: Place of the one.
        second: Place of the other, which is the greater.
        bits: In how many bits their hashes differ.
        way: How the second is to be turned: see `turned`.
    """

    first: int
    second: int
    bits: int
    way: int


def same(hashes: Sequence[bytes]) -> list[list[int]]:
    """Groups of two places or more with the same hash; empty hashes are none."""
    found: dict[bytes, list[int]] = {}
    for place, value in enumerate(hashes):
        if value:
            found.setdefault(value, []).append(place)
    return [places for places in found.values() if len(places) > 1]


def alike(prints: Sequence[Fingerprint]) -> list[Pair]:
    """The pairs of pictures that are alike, each pair once.

    Args:
        prints: N fingerprints, of different pictures.
    """
    if len(prints) < 2:
        return []
    thumbs = _standardised(np.stack([one.thumb for one in prints]))
    hashes = np.stack([one.hashes for one in prints])
    best: dict[tuple[int, int], Pair] = {}
    for first, second, way in _candidates(hashes):
        bits = np.bitwise_count(hashes[first, 0] ^ hashes[second, way])
        close = bits <= MOST_BITS
        first, second, bits = first[close], second[close], bits[close]
        likeness = (thumbs[first] * _turned_all(thumbs[second], way)).sum((1, 2))
        for a, b, n in zip(
            *(found[likeness >= LEAST_CORRELATION].tolist() for found in (first, second, bits)), strict=True
        ):
            pair = Pair(min(a, b), max(a, b), n, way)
            known = best.get((pair.first, pair.second))
            if known is None or n < known.bits:
                best[pair.first, pair.second] = pair
    return sorted(best.values(), key=lambda pair: (pair.first, pair.second))


def _standardised(thumbs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Small pictures of mean 0 and length 1, so that a sum of products is a correlation; flat ones become 0."""
    values = thumbs.astype(np.float32)
    values -= values.mean((1, 2), keepdims=True)
    spread = values.std((1, 2), keepdims=True)
    return np.where(spread >= _LEAST_SPREAD, values / np.maximum(spread, 1e-6) / values.shape[1], 0)


def _turned_all(thumbs: NDArray[Any], way: int) -> NDArray[Any]:
    return np.moveaxis(turned(np.moveaxis(thumbs, 0, 2), way), 2, 0)


def _candidates(hashes: NDArray[np.uint64]) -> Iterator[tuple[NDArray[Any], NDArray[Any], int]]:
    """Places of pictures that share a word but for a bit, and the way the second is turned."""
    flips = np.array([0, *(1 << bit for bit in range(_WORD_BITS))], np.uint16)
    for word in range(_WORDS):
        words = (hashes >> np.uint64(word * _WORD_BITS)).astype(np.uint16)
        order = np.argsort(words[:, 0], kind="stable")
        sorted_words = words[order, 0]
        for way in range(WAYS):
            for flip in flips:
                sought = words[:, way] ^ flip
                starts = np.searchsorted(sorted_words, sought, "left")
                counts = np.searchsorted(sorted_words, sought, "right") - starts
                if counts.sum() > _MOST_PAIRS:
                    counts = np.where(counts > max(_MOST_PAIRS // len(counts), 1), 0, counts)
                second = np.repeat(np.arange(len(sought)), counts)
                within = np.arange(len(second)) - np.repeat(np.cumsum(counts) - counts, counts)
                first = order[np.repeat(starts, counts) + within]
                other = first != second
                yield first[other], second[other], way
