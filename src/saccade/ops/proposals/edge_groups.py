"""Pieces of contours: edges of similar direction in one group, and how surely one group continues another.

Source: Zitnick, Dollár 2014, Edge boxes: locating object proposals from edges, section 3.1.

Legend: (H, W) picture, G groups.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from saccade.ops.proposals.edge_map import Array, EdgeMap

# Weaker edges are none; a group ends when the turns in it add up to so much; lighter groups join others.
LEAST_STRENGTH, MOST_TURN, LEAST_MASS = 0.1, np.pi / 2, 0.5
# Groups nearer than this many pixels, in rows and in columns, may continue each other.
NEAR = 2


@dataclass(frozen=True)
class EdgeGroups:
    """Groups of the edges of one picture.

    Attributes:
        labels: (H, W) int32 group of each pixel, 0..G-1, or -1 where there is none.
        masses: (G,) sum of the strengths of each group's edges.
        centres: (G, 2) x, y mean place, weighted by strength.
        tangents: (G,) mean direction -π/2..π/2, weighted by strength.
    """

    labels: Array
    masses: Array
    centres: Array
    tangents: Array


def edge_groups(edges: EdgeMap) -> EdgeGroups:
    """Groups of all edges; those that are light and touch no other are left out."""
    labels = _grown(edges)
    masses = _masses(labels, edges.strength)
    labels[(masses[labels] <= LEAST_MASS) & (labels >= 0)] = -2
    labels = _joined(labels, edges.tangent)
    kept, inverse = np.unique(labels, return_inverse=True)
    labels = (inverse.reshape(labels.shape) - int((kept < 0).sum())).astype(np.int32)
    return _described(np.maximum(labels, -1), edges)


def affinities(groups: EdgeGroups, gamma: float = 2.0) -> tuple[Array, Array, Array]:
    """Pairs of groups that come near each other, and how surely one continues the other (equation 1).

    Returns:
        (p,) lower group, (p,) higher group, (p,) affinity 0..1: both run along the line between their centres.
    """
    pairs = _near_pairs(groups.labels)
    first, second = pairs[:, 0], pairs[:, 1]
    across, down = (groups.centres[second] - groups.centres[first]).T
    between = np.arctan2(down, across)
    cosines = np.cos(groups.tangents[first] - between) * np.cos(groups.tangents[second] - between)
    return first, second, np.abs(cosines) ** gamma


def _grown(edges: EdgeMap) -> Array:
    """(H, W) groups that grow pixel by pixel, always by the neighbour that turns least, until they have turned enough.

    Pixels are tried row by row; outermost pixels belong to none.
    """
    height, width = edges.strength.shape
    wanted = edges.strength > LEAST_STRENGTH
    wanted[[0, -1]], wanted[:, [0, -1]] = False, False
    labels, tangent = np.where(wanted, 0, -1).ravel().tolist(), edges.tangent.ravel().tolist()
    shifts = [row * width + column for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]
    groups = 0
    for start in np.flatnonzero(wanted).tolist():
        if labels[start]:
            continue
        groups += 1
        turned, queue = 0.0, [(0.0, start)]
        while queue:
            turn, place = heapq.heappop(queue)
            if labels[place]:
                continue
            turned += turn
            if turned >= MOST_TURN:
                break
            labels[place] = groups
            here = tangent[place]
            for shift in shifts:
                if not labels[place + shift]:
                    difference = abs(tangent[place + shift] - here)
                    heapq.heappush(queue, (min(difference, np.pi - difference), place + shift))
    found = np.array(labels, np.int32).reshape(height, width)
    return np.where(found > 0, found - 1, -1)


def _joined(labels: Array, tangent: Array) -> Array:
    """Pixels -2 take the group of the neighbour that turns least, ring by ring; those that touch none become -1."""
    labels = labels.copy()
    rows, columns = np.nonzero(labels == -2)
    while len(rows):
        best, chosen = np.full(len(rows), np.inf), np.full(len(rows), -2)
        for row in (-1, 0, 1):
            for column in (-1, 0, 1):
                near = labels[rows + row, columns + column]
                turn = _turn(tangent[rows + row, columns + column], tangent[rows, columns])
                better = (near >= 0) & (turn < best)
                best, chosen = np.where(better, turn, best), np.where(better, near, chosen)
        labels[rows, columns] = chosen
        if (chosen < 0).all():
            break
        rows, columns = rows[chosen < 0], columns[chosen < 0]
    return np.where(labels < 0, -1, labels)


def _described(labels: Array, edges: EdgeMap) -> EdgeGroups:
    rows, columns = np.nonzero(labels >= 0)
    of = labels[rows, columns]
    strength = edges.strength[rows, columns].astype(np.float64)
    number = int(labels.max()) + 1 if labels.size else 0

    def total(values: Array) -> Array:
        return np.bincount(of, strength * values, number)

    masses = total(np.ones(len(of)))
    centres = np.stack([total(columns), total(rows)], 1) / masses[:, None]
    double = 2 * edges.tangent[rows, columns].astype(np.float64)
    return EdgeGroups(labels, masses, centres, np.arctan2(total(np.sin(double)), total(np.cos(double))) / 2)


def _near_pairs(labels: Array) -> Array:
    """(p, 2) groups, the lower first, that have pixels near each other."""
    height, width = labels.shape
    number = int(labels.max()) + 1 if labels.size else 0
    codes: list[Array] = [np.zeros(0, np.int64)]
    for row in range(NEAR + 1):
        for column in range(-NEAR if row else 1, NEAR + 1):
            here = labels[: height - row, max(-column, 0) : width - max(column, 0)]
            there = labels[row:, max(column, 0) : width - max(-column, 0)]
            apart = (here >= 0) & (there >= 0) & (here != there)
            low, high = np.minimum(here[apart], there[apart]), np.maximum(here[apart], there[apart])
            codes.append(low.astype(np.int64) * number + high)
    found = np.unique(np.concatenate(codes))
    return np.stack([found // max(number, 1), found % max(number, 1)], 1)


def _masses(labels: Array, strength: Array) -> Array:
    """Mass of each group 0..G-1; one more 0 at the end, for pixels of none."""
    inside = labels >= 0
    return np.append(np.bincount(labels[inside], strength[inside], int(labels.max(initial=-1)) + 1), 0)


def _turn(first: Array, second: Array) -> Array:
    difference = np.abs(first - second)
    return np.minimum(difference, np.pi - difference)
