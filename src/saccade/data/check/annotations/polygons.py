"""Outlines that cross themselves: what they enclose is then not what was meant.

All edges of many polygons are sorted by where they begin along x, and each is compared with those that begin before it
ends. Real outlines cost little more than their length; of one that folds a thousand times over itself the comparison
ends early.

Legend: P polygons, E edges of all, one from each point to the next.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.data.check.annotations.places import object_defect
from saccade.data.check.defects import Defect
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part
from saccade.data.formats.common.store import RaggedArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

# A loop smaller than this is a slip of the pen that changes nothing.
_LEAST_PIXELS, _LEAST_SHARE = 16.0, 0.03
_EDGES_AT_ONCE = 2_000_000
_FREE_PAIRS, _MOST_PAIRS = 2_000_000, 60  # comparisons of all edges, and beyond these for each edge


def crossing_outlines(part: Part, objects: Objects) -> Iterator[Defect]:
    """The objects of a split whose outlines cross themselves."""
    if objects.shapes is None:
        return
    owners = np.repeat(np.arange(len(objects)), np.diff(objects.shapes.parts))
    for polygon, (x, y), area in crossings(objects.shapes.polygons):
        defect = object_defect(
            part,
            objects,
            int(owners[polygon]),
            f"one that crosses itself at ({x:.5g}, {y:.5g}), around {area:.4g} pixels",
            "an outline that does not cross itself",
            "draw it again, or cut it into two at the crossing",
            "segmentation",
        )
        yield defect


def crossings(polygons: RaggedArray) -> list[tuple[int, tuple[float, float], float]]:
    """The polygons that cross themselves around some area: their place, where, and the area that is cut off.

    Args:
        polygons: P rows of x1, y1, x2, y2 …; the last point is joined to the first.
    """
    found: list[tuple[int, tuple[float, float], float]] = []
    first, count = 0, len(polygons)
    while first < count:
        last = int(np.searchsorted(polygons.starts, polygons.starts[first] + 2 * _EDGES_AT_ONCE, "right")) - 1
        last = min(max(last, first + 1), count)
        for place, point, area in _crossings(polygons, first, last):
            found.append((first + place, point, area))
        first = last
    return found


@dataclass(frozen=True)
class _Edges:
    """The edges of some polygons.

    Attributes:
        start: (E, 2) where each begins, measured from its polygon's first point, so that areas keep their digits.
        end: (E, 2) where each ends.
        polygon: (E,) to which it belongs.
        sums: (E + 1,) sum of start × end of the edges before, which is twice an area.
        first: (P + 1,) the first edge of each polygon, and the end.
    """

    start: Floats
    end: Floats
    polygon: Places
    sums: Floats
    first: Places

    def area(self, polygon: Places) -> Floats:
        """The signed area of polygons, twice."""
        return self.sums[self.first[polygon + 1]] - self.sums[self.first[polygon]]


def _edges(polygons: RaggedArray, first: int, last: int) -> tuple[_Edges, Floats]:
    """The edges of the polygons `first` .. `last` - 1, and the first point of each."""
    starts = (polygons.starts[first : last + 1] - polygons.starts[first]) // 2
    points = polygons.values[polygons.starts[first] : polygons.starts[last]].reshape(-1, 2).astype(np.float64)
    lengths = np.diff(starts)
    polygon = np.repeat(np.arange(last - first), lengths)
    corners = points[starts[:-1]]
    start = points - corners[polygon]
    following = np.arange(1, len(points) + 1)
    following[starts[1:] - 1] = starts[:-1]
    end = start[following]
    sums = np.concatenate([[0.0], np.cumsum(_cross(start, end))])
    return _Edges(start, end, polygon, sums, starts.astype(np.int64)), corners


def _cross(a: Floats, b: Floats) -> Floats:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _crossings(polygons: RaggedArray, first: int, last: int) -> Iterator[tuple[int, tuple[float, float], float]]:
    edges, corners = _edges(polygons, first, last)
    one, other = _crossing_pairs(edges)
    if not len(one):
        return
    # From the crossing along the edges between the two and back to it: a loop. The rest is another.
    a, b, c, d = edges.start[one], edges.end[one], edges.start[other], edges.end[other]
    share = _cross(c - a, d - c) / _cross(b - a, d - c)
    point = a + share[:, None] * (b - a)
    loop = _cross(point, b) + edges.sums[other] - edges.sums[one + 1] + _cross(c, point)
    whole = edges.area(edges.polygon[one])
    area = np.minimum(np.abs(loop), np.abs(whole - loop)) / 2
    largest = np.maximum(np.abs(loop), np.abs(whole - loop)) / 2
    chosen = np.flatnonzero(area >= np.maximum(_LEAST_PIXELS, _LEAST_SHARE * largest))
    order = chosen[np.lexsort((-area[chosen], edges.polygon[one[chosen]]))]
    _, heads = np.unique(edges.polygon[one[order]], return_index=True)
    for pair in order[heads].tolist():
        polygon = int(edges.polygon[one[pair]])
        x, y = (point[pair] + corners[polygon]).tolist()
        yield polygon, (x, y), float(area[pair])


def _crossing_pairs(edges: _Edges) -> tuple[Places, Places]:
    """Pairs of edges of one polygon that cross, the earlier one first."""
    low = np.minimum(edges.start, edges.end)
    high = np.maximum(edges.start, edges.end)
    # Along the longer side of each polygon fewer edges lie beside each other.
    lengths = np.maximum.reduceat(high, edges.first[:-1]) - np.minimum.reduceat(low, edges.first[:-1])
    axis = lengths.argmax(1)[edges.polygon]
    every = np.arange(len(axis))
    begin, finish = low[every, axis], high[every, axis]
    order = np.lexsort((begin, edges.polygon))
    begin, finish, polygon = begin[order], finish[order], edges.polygon[order]
    found: list[tuple[Any, Any]] = []
    active = np.arange(len(order))
    left, lag = _FREE_PAIRS + _MOST_PAIRS * len(order), 0
    while left > 0:
        lag += 1
        active = active[: np.searchsorted(active, len(order) - lag)]
        near = active + lag
        active = active[(polygon[near] == polygon[active]) & (begin[near] <= finish[active])]
        left -= max(len(active), 1)
        if not len(active):
            break
        one, other = order[active], order[active + lag]
        beside = 1 - axis[one]
        meet = (low[one, beside] <= high[other, beside]) & (low[other, beside] <= high[one, beside])
        one, other = one[meet], other[meet]
        cross = _properly(edges, one, other)
        found.append((np.minimum(one, other)[cross], np.maximum(one, other)[cross]))
    empty = np.zeros(0, np.int64)
    return np.concatenate([empty, *(a for a, _ in found)]), np.concatenate([empty, *(b for _, b in found)])


def _properly(edges: _Edges, one: Places, other: Places) -> NDArray[np.bool_]:
    """Whether the ends of each edge lie strictly on both sides of the other."""
    a, b, c, d = edges.start[one], edges.end[one], edges.start[other], edges.end[other]
    apart = np.sign(_cross(b - a, c - a)) * np.sign(_cross(b - a, d - a)) < 0
    return apart & (np.sign(_cross(d - c, a - c)) * np.sign(_cross(d - c, b - c)) < 0)
