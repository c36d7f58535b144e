"""How likely a box holds a whole object: the contours that lie wholly in it, many boxes at a time.

Source: Zitnick, Dollár 2014, Edge boxes: locating object proposals from edges, section 3.2.

Legend: (H, W) picture, G groups of edges, n boxes. Boxes here are (n, 4) int x1, y1, x2, y2, the first and last column
and row of pixels, both of them in the box. Their border is one pixel wide.
"""

import numpy as np

from saccade.ops.proposals.edge_groups import EdgeGroups, affinities
from saccade.ops.proposals.edge_map import Array, EdgeMap

# Paths less sure than this are none: what a border does not reach surely enough is not cut.
LEAST_PATH = 0.05
# Pairs of a box and a group that are worked on at a time.
_ROOM = 1 << 20


class BoxScorer:
    """Scores of boxes in one picture.

    Args:
        edges: Its edges.
        groups: Their groups.
        kappa: Power of the box's sides by which scores are divided: large boxes hold more edges anyway.
        gamma: How sharply affinities fall as groups turn away from each other.
    """

    def __init__(self, edges: EdgeMap, groups: EdgeGroups, kappa: float = 1.5, gamma: float = 2.0) -> None:
        self.groups, self.kappa, self.number = groups, kappa, len(groups.masses)
        self.size = groups.labels.shape[::-1]
        self.places = _places(groups)
        by_place = np.zeros(groups.labels.shape)
        by_place[self.places[:, 1], self.places[:, 0]] = groups.masses
        self.group_sums = _integral(by_place)
        self.edge_sums = _integral(np.where(groups.labels >= 0, edges.strength, 0).astype(np.float64))
        self.rows, self.columns = _Runs(groups.labels), _Runs(groups.labels.T)
        self.starts, self.reached, self.sureness = _paths(groups, gamma)
        self.step = max(_ROOM // max(self.number, 1), 1)
        # Places to work in, one a pair, made once: fresh ones would cost more than the work.
        self.best = np.zeros(self.step * self.number, np.float32)
        self.order = np.zeros(self.step * self.number, np.int32)

    def __call__(self, boxes: Array) -> Array:
        """(n,) scores: what lies in the box and is no part of a contour that its border cuts, without the middle."""
        lost = np.zeros(len(boxes))
        for start in range(0, len(boxes) if self.number else 0, self.step):
            lost[start : start + self.step] = self._cut(boxes[start : start + self.step])
        return self.bound(boxes) - lost / self._norm(boxes)

    def bound(self, boxes: Array) -> Array:
        """(n,) what scores would be if borders cut no contour: never less than they are."""
        x1, y1, x2, y2 = boxes.T
        wide, high = (x2 - x1 + 1) // 2, (y2 - y1 + 1) // 2
        left, top = x1 + (x2 - x1 + 1 - wide) // 2, y1 + (y2 - y1 + 1 - high) // 2
        middle = np.stack([left, top, left + wide - 1, top + high - 1], 1)
        return (_within(self.group_sums, boxes) - _within(self.edge_sums, middle)) / self._norm(boxes)

    def _norm(self, boxes: Array) -> Array:
        return 2 * (boxes[:, 2:] - boxes[:, :2] + 1).sum(1).astype(np.float64) ** self.kappa

    def _cut(self, boxes: Array) -> Array:
        """(n,) mass of the groups in each box that its border cuts or surely reaches, each as much as it is reached."""
        box, group = self._crossed(boxes)
        ends = self.starts[group + 1] - self.starts[group]
        entries = _spread(self.starts[group], ends)
        keys = np.repeat(box * self.number, ends) + self.reached[entries]
        np.maximum.at(self.best, keys, self.sureness[entries])
        keys = self._once(keys)
        sureness = self.best[keys]
        self.best[keys] = 0
        box, group = keys // self.number, keys % self.number
        x, y = self.places[group].T
        x1, y1, x2, y2 = boxes[box].T
        inside = (x1 <= x) & (x <= x2) & (y1 <= y) & (y <= y2)
        return np.bincount(box, sureness * self.groups.masses[group] * inside, len(boxes))

    def _crossed(self, boxes: Array) -> tuple[Array, Array]:
        """Pairs of a box and a group that has an edge on its border, each once."""
        x1, y1, x2, y2 = boxes.T
        sides = [self.rows.along(y1, x1, x2), self.rows.along(y2, x1, x2)]
        sides += [self.columns.along(x1, y1, y2), self.columns.along(x2, y1, y2)]
        keys = np.concatenate([box * self.number + group for box, group in sides])
        keys = self._once(keys)
        return keys // self.number, keys % self.number

    def _once(self, keys: Array) -> Array:
        """The pairs' numbers, each once; quicker than sorting."""
        order = np.arange(len(keys), dtype=np.int32)
        self.order[keys] = order
        return keys[self.order[keys] == order]


class _Runs:
    """Groups along each row of labels, as runs of pixels of one group."""

    def __init__(self, labels: Array) -> None:
        fresh = labels >= 0
        fresh[:, 1:] &= labels[:, 1:] != labels[:, :-1]
        self.begun = fresh.ravel().cumsum().reshape(labels.shape)
        self.inside = labels >= 0
        self.groups = labels[fresh].astype(np.int64)

    def along(self, row: Array, first: Array, last: Array) -> tuple[Array, Array]:
        """Pairs of a line's number and a group on it, of lines in a row from a first to a last column."""
        begin = self.begun[row, first] - self.inside[row, first]
        lengths = self.begun[row, last] - begin
        return np.repeat(np.arange(len(row)), lengths), self.groups[_spread(begin, lengths)]


def _paths(groups: EdgeGroups, gamma: float) -> tuple[Array, Array, Array]:
    """Which groups each is surely continued by, over any others, and how surely: the best product of affinities.

    Returns:
        (G + 1,) where each group's part begins, then the groups and their sureness, each group itself among them.
    """
    from scipy import sparse
    from scipy.sparse import csgraph

    number = len(groups.masses)
    first, second, affinity = affinities(groups, gamma)
    sure = affinity >= LEAST_PATH
    # A sureness of 1 is a length of 0, which a sparse graph would take for no way at all.
    lengths = np.maximum(-np.log(affinity[sure]), 1e-12)
    graph = sparse.csr_matrix((lengths, (first[sure], second[sure])), (number, number))
    counts, reached, sureness = [np.zeros(1, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    step = max(_ROOM // max(number, 1), 1)
    for start in range(0, number, step):
        chosen = np.arange(start, min(start + step, number))
        ways = csgraph.dijkstra(graph, directed=False, indices=chosen, limit=-np.log(LEAST_PATH))
        source, target = np.nonzero(np.isfinite(ways))
        counts.append(np.bincount(source, minlength=len(chosen)))
        reached.append(target)
        sureness.append(np.exp(-ways[source, target]).astype(np.float32))
    return np.concatenate(counts).cumsum(), np.concatenate(reached), np.concatenate(sureness)


def _places(groups: EdgeGroups) -> Array:
    """(G, 2) x, y of one pixel of each group, which says whether the group lies in a box that does not cut it."""
    rows, columns = np.nonzero(groups.labels >= 0)
    _, first = np.unique(groups.labels[rows, columns], return_index=True)
    return np.stack([columns[first], rows[first]], 1)


def _integral(values: Array) -> Array:
    """(H + 1, W + 1) sums of all above and left of each corner."""
    return np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def _within(sums: Array, boxes: Array) -> Array:
    x1, y1, x2, y2 = boxes.T
    x2, y2 = x2 + 1, y2 + 1
    return sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]


def _spread(starts: Array, lengths: Array) -> Array:
    """All whole numbers of ranges that start somewhere and have some length, one range after the other."""
    before = lengths.cumsum() - lengths
    return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
