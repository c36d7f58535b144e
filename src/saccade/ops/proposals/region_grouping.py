"""Regions merged by likeness, two neighbours at a time, until one is left; each that ever was is a proposal.

Source: Uijlings, van de Sande, Gevers, Smeulders 2013, Selective search for object recognition, sections 3.1 and 3.2.

Legend: r regions at first, 2r - 1 in the end, (H, W) picture.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from saccade.ops.proposals.region_histograms import Array


@dataclass(frozen=True)
class Likeness:
    """Which of the four measures count; those that do are added.

    Attributes:
        colour: Colour histograms have much in common.
        texture: Texture histograms have much in common.
        size: Both are small.
        fill: They fill the box around both.
    """

    colour: bool
    texture: bool
    size: bool
    fill: bool


class Grouping:
    """All regions of one picture, those to come included.

    Args:
        labels: (H, W) region of each pixel, 0..r-1, each with at least one.
        colour: (r, ·) colour histograms.
        texture: (r, ·) texture histograms.
        likeness: What counts.

    Attributes:
        count: Regions so far.
        parts: The two regions that each merged one was made of, in the order in which they came to be.
    """

    def __init__(self, labels: Array, colour: Array, texture: Array, likeness: Likeness) -> None:
        regions = len(colour)
        self.count, self.likeness, self.whole = regions, likeness, float(labels.size)
        self.sizes = _room(np.bincount(labels.ravel(), minlength=regions).astype(np.float64))
        self.colour, self.texture = _room(colour), _room(texture)
        self.boxes = _room(boxes_of(labels, regions))
        self.neighbours = neighbours_of(labels, regions)
        self.parts: list[tuple[int, int]] = []

    def run(self) -> Array:
        """(2r - 1, 4) boxes x1, y1, x2, y2: the first regions, then each merged one as it came to be.

        Of pairs that are equally alike the one of the earlier regions is merged. A picture whose regions do not all
        touch ends with as many as there are islands.
        """
        queue: list[tuple[float, int, int]] = []
        for region, near in enumerate(list(self.neighbours)):
            later = sorted(other for other in near if other > region)
            queue += self._pairs(region, later)
        heapq.heapify(queue)
        while queue:
            _, first, second = heapq.heappop(queue)
            if second in self.neighbours[first]:
                for pair in self._pairs(*self._merge(first, second)):
                    heapq.heappush(queue, pair)
        return self.boxes[: self.count]

    def _pairs(self, region: int, others: list[int]) -> list[tuple[float, int, int]]:
        if not others:
            return []
        likeness = self.alike(region, np.array(others)).tolist()
        return [(-value, min(region, other), max(region, other)) for value, other in zip(likeness, others, strict=True)]

    def alike(self, region: int, others: Array) -> Array:
        """How much a region is like each of some others (section 3.2, equations 1 to 6)."""
        found, chosen = np.zeros(len(others)), self.likeness
        if chosen.colour:
            found += np.minimum(self.colour[region], self.colour[others]).sum(1)
        if chosen.texture:
            found += np.minimum(self.texture[region], self.texture[others]).sum(1)
        both = self.sizes[region] + self.sizes[others]
        if chosen.size:
            found += 1 - both / self.whole
        if chosen.fill:
            around = _around(self.boxes[region], self.boxes[others])
            found += 1 - ((around[:, 2:] - around[:, :2]).prod(1) - both) / self.whole
        return found

    def _merge(self, first: int, second: int) -> tuple[int, list[int]]:
        """The new region, and its neighbours."""
        new, both = self.count, [first, second]
        self.count += 1
        self.parts.append((first, second))
        shares = self.sizes[both] / self.sizes[both].sum()
        self.sizes[new] = self.sizes[both].sum()
        self.colour[new], self.texture[new] = shares @ self.colour[both], shares @ self.texture[both]
        self.boxes[new] = _around(self.boxes[first], self.boxes[second][None])[0]
        near = (self.neighbours[first] | self.neighbours[second]) - {first, second}
        for other in near:
            self.neighbours[other] -= {first, second}
            self.neighbours[other].add(new)
        self.neighbours.append(near)
        self.neighbours[first], self.neighbours[second] = set(), set()
        return new, sorted(near)


def boxes_of(labels: Array, regions: int) -> Array:
    """(r, 4) box of each region's pixels."""
    rows, columns = np.indices(labels.shape)
    flat = labels.ravel()
    low, high = np.full((regions, 2), np.inf), np.zeros((regions, 2))
    for axis, places in enumerate((columns.ravel(), rows.ravel())):
        np.minimum.at(low[:, axis], flat, places)
        np.maximum.at(high[:, axis], flat, places + 1)
    return np.concatenate([low, high], 1)


def neighbours_of(labels: Array, regions: int) -> list[set[int]]:
    """The regions that touch each region, side by side or one above the other."""
    pairs = np.concatenate(
        [
            np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()], 1),
            np.stack([labels[:-1].ravel(), labels[1:].ravel()], 1),
        ]
    )
    near: list[set[int]] = [set() for _ in range(regions)]
    for first, second in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).tolist():
        near[first].add(second)
        near[second].add(first)
    return near


def _around(box: Array, boxes: Array) -> Array:
    """(n, 4) boxes around one box (4,) and each of others (n, 4)."""
    return np.concatenate([np.minimum(box[:2], boxes[:, :2]), np.maximum(box[2:], boxes[:, 2:])], 1)


def _room(values: Array) -> Array:
    """The values of r regions, with room for r - 1 more."""
    return np.concatenate([values, np.zeros((max(len(values) - 1, 0), *values.shape[1:]))])
