"""How many places of two sets can be matched one to one, none with one farther away than a distance.

Source: Hopcroft, Karp 1973, An n^5/2 algorithm for maximum matchings in bipartite graphs; many trees at once after
Azad, Buluç, Pothen 2017, Computing maximum cardinality matchings in parallel on bipartite graphs.

Legend: n and m places of the two sets, K steps from a place to those within the distance.
"""

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

# Up to so many pairs SciPy's search takes .2 s; with half a million, as between borders of noise, it takes minutes.
MOST_PAIRS = 100_000

Integers = np.ndarray[Any, np.dtype[np.integer[Any]]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def greatest_matching(first: Integers, second: Integers, reach: float) -> int:
    """The greatest number of pairs.

    Args:
        first: (n, 2) int places, each once.
        second: (m, 2) int places, each once.
        reach: Greatest distance of a pair.
    """
    few, many = sorted((first, second), key=len)
    if not len(few):
        return 0
    near = _near(few, many, reach)
    pairs = int((near >= 0).sum())
    if pairs > MOST_PAIRS:
        return int((_grown(near, len(many))[0] >= 0).sum())
    rows, steps = np.nonzero(near >= 0)
    graph = csr_matrix((np.ones(pairs, bool), (rows, near[rows, steps])), shape=(len(few), len(many)))
    return int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())


def nearest_matching(first: Integers, second: Integers, reach: float) -> Bools:
    """Which of `first` a greatest matching pairs, one that begins with the nearest pairs.

    A greatest matching may pair one or another of several places that lie near the same; here it is the nearest that
    counts, as where costs grow with distances.

    Args:
        first: (n, 2) int places, each once.
        second: (m, 2) int places, each once.
        reach: Greatest distance of a pair.

    Returns:
        (n,) bool.
    """
    if not len(first) or not len(second):
        return np.zeros(len(first), bool)
    if len(first) <= len(second):
        return _grown(_near(first, second, reach), len(second))[0] >= 0
    return _grown(_near(second, first, reach), len(first))[1] >= 0


def _near(few: Integers, many: Integers, reach: float) -> Integers:
    """(n, K) which of `many` lies a step away from each of `few`, the nearest steps first; -1: none."""
    # A hair is added, so that a distance of the reach itself is within it whatever floating point says.
    reach += 1e-9
    side = int(reach)
    steps = np.stack(np.meshgrid(*(np.arange(-side, side + 1),) * 2, indexing="ij"), -1).reshape(-1, 2)
    lengths = np.hypot(*steps.T)
    steps = steps[lengths.argsort(kind="stable")][: int((lengths <= reach).sum())]
    origin = np.minimum(few.min(0), many.min(0)) - side
    size = np.maximum(few.max(0), many.max(0)) - origin + side + 1
    places = np.full(size, -1, np.int64)
    places[tuple((many - origin).T)] = np.arange(len(many))
    shifted = few[:, None] - origin + steps
    return places[shifted[..., 0], shifted[..., 1]]


def _grown(near: Integers, many: int) -> tuple[Integers, Integers]:
    """The greatest matching, grown from the nearest pairs along paths that alternate: the partners of few and of many.

    What has a partner keeps one, though it may be another. -1: none.
    """
    partner, taken = np.full(len(near), -1), np.full(many, -1)
    for step in near.T:
        able = np.nonzero((partner < 0) & (step >= 0))[0]
        able = able[taken[step[able]] < 0]
        partner[able], taken[step[able]] = step[able], able
    draw, near = np.random.default_rng(0), _packed(near)
    while len(ends := _path_ends(near, partner, taken, parent := np.full(many, -1), draw)):
        while len(ends):
            starts = parent[ends]
            partner[starts], taken[ends], ends = ends, starts, partner[starts]
            ends = ends[ends >= 0]
    return partner, taken


def _packed(near: Integers) -> Integers:
    """(n, k) what `near` tells of each, in its order, k as many as any has; -1: no more."""
    rows, steps = np.nonzero(near >= 0)
    counts = np.bincount(rows, minlength=len(near))
    packed = np.full((len(near), max(1, int(counts.max(initial=0)))), -1)
    packed[rows, np.arange(len(rows)) - (counts.cumsum() - counts)[rows]] = near[rows, steps]
    return packed


def _path_ends(
    near: Integers, partner: Integers, taken: Integers, parent: Integers, draw: np.random.Generator
) -> Integers:
    """Free ones of `many` that a free one of `few` reaches by a path that alternates, paths disjoint.

    From each free one of `few` a tree grows until it meets a free one of `many`; trees share nothing.

    Args:
        near: (n, k) as `_packed` gives it.
        partner: (n,) what each of `few` is matched with, or -1.
        taken: (m,) what each of `many` is matched with, or -1.
        parent: (m,) -1; takes from which of `few` each of `many` was reached.
        draw: Which tree gets what several reach, so that none is favoured.
    """
    seen, ended = np.zeros(len(taken), bool), np.zeros(len(near), bool)
    leaves = roots = np.nonzero(partner < 0)[0]
    ends: list[Integers] = []
    while len(leaves):
        rows, steps = np.nonzero(near[leaves] >= 0)
        reached = near[leaves[rows], steps]
        fresh = draw.permutation(np.nonzero(~seen[reached])[0])
        reached, first = np.unique(reached[fresh], return_index=True)
        rows = rows[fresh[first]]
        seen[reached], parent[reached], owner = True, leaves[rows], roots[rows]
        free = taken[reached] < 0
        finished, at = np.unique(owner[free], return_index=True)
        ended[finished] = True
        ends.append(reached[free][at])
        grows = ~free & ~ended[owner]
        leaves, roots = taken[reached[grows]], owner[grows]
    return np.concatenate([*ends, np.zeros(0, np.int64)])
