"""What borders between tiles cut: parts of one object become one again, or yield to a neighbour's whole one.

Legend: n rows of instances of all views of a picture together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from saccade.core.annotation import Instances
from saccade.core.masks import Masks
from saccade.ops.boxes.geometry import intersection_over_first, iou_matrix
from saccade.runtime.predict.views.multi_scale_flip import View, Window

# A box that ends within this share of a tile's side from a border between tiles may be cut there; it yields to a whole
# one of its class that a neighbour shows and that covers more than that share of it.
NEAR, COVERED = 0.01, 0.5
# Two parts are of one object where their masks share more than this of their union, as far as both tiles look.
SAME = 0.5
# Pairs of rows that are looked at together.
AT_ONCE = 2**20


@dataclass(frozen=True)
class Seen:
    """Rows of all views together, and where each was seen.

    Attributes:
        rows: The instances, in the picture's own pixels.
        groups: (n,) which of them may be one object: those of a class.
        tiles: The tiles.
        own: (n,) the tile of each row.
        cut: (n,) bool, whether a border between tiles may cut it.
    """

    rows: Instances
    groups: Tensor
    tiles: Sequence[Window]
    own: Tensor
    cut: Tensor

    @staticmethod
    def of(parts: Sequence[Instances], groups: Tensor, views: Sequence[View]) -> "Seen":
        """The rows of views, part by part, and their groups (n,)."""
        tiles = list(dict.fromkeys(view.window for view in views))
        pairs = list(zip(parts, views, strict=True))
        own = torch.cat([torch.full((len(part),), tiles.index(view.window)) for part, view in pairs])
        return Seen(Instances.cat(parts), groups, tiles, own, torch.cat([_is_cut(*pair) for pair in pairs]))

    def __getitem__(self, index: Tensor) -> "Seen":
        return replace(self, **{name: getattr(self, name)[index] for name in ("rows", "groups", "own", "cut")})


def mended(seen: Seen) -> Seen:
    """The rows without seams, as far as tiles show enough.

    A cut row yields to a whole one of another tile that covers it. Of those with masks that are left, the parts of one
    object are joined, one of each tile: masks that agree where both tiles look. What these cover yields to them.
    """
    if seen.rows.boxes is None or seen.rows.scores is None:
        return seen
    left = seen[~_yields(seen)]
    if left.rows.masks is None or not bool(left.cut.any()):
        return left
    joined = _joined(left)
    return joined[~_yields(joined)]


def _is_cut(rows: Instances, view: View) -> Tensor:
    """(k,) bool: boxes of one view that end at a border between its tile and another."""
    if rows.boxes is None:
        return torch.zeros(len(rows), dtype=torch.bool)
    top, left, bottom, right = view.window
    near = max(NEAR * max(view.window.size), 1.0)
    x1, y1, x2, y2 = rows.boxes.unbind(1)
    sides = (
        (x1 < left + near, left > 0),
        (y1 < top + near, top > 0),
        (x2 > right - near, right < view.size[1]),
        (y2 > bottom - near, bottom < view.size[0]),
    )
    return torch.stack([touches & inner for touches, inner in sides]).any(0)


def _yields(seen: Seen) -> Tensor:
    """(n,) bool: cut rows that a whole one of another tile covers for the most part, within a group.

    Where there are masks it must cover the mask too: of objects that lie close together, boxes cover each other.
    """
    pairs = _pairs(seen, ~seen.cut, lambda cut, whole: intersection_over_first(cut, whole) > COVERED)
    if seen.rows.masks is not None:
        pixels = _Pixels(seen.rows.masks)
        covered = [pixels.both(cut, whole) >= COVERED * pixels.both(cut, cut) for cut, whole in pairs.tolist()]
        pairs = pairs[torch.tensor(covered, dtype=torch.bool)]
    return torch.zeros_like(seen.cut).index_fill_(0, pairs[:, 0], True)


def _pairs(seen: Seen, others: Tensor, meet: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """(p, 2) cut rows, each with another row of its group that another tile shows.

    Args:
        seen: The rows.
        others: (n,) bool, the rows that the second may be.
        meet: Which (k, m) boxes of (k, 4) and (m, 4) are wanted together.
    """
    boxes: Any = seen.rows.boxes
    cut, other = seen.cut.nonzero()[:, 0], others.nonzero()[:, 0]
    found = [torch.zeros(0, 2, dtype=torch.int64)]
    # A very large picture has tens of thousands of rows: all pairs at once would take gigabytes.
    for some in cut.split(max(AT_ONCE // max(len(other), 1), 1)):
        wanted = (seen.groups[some, None] == seen.groups[other]) & (seen.own[some, None] != seen.own[other])
        first, second = (wanted & meet(boxes[some], boxes[other])).nonzero(as_tuple=True)
        found.append(torch.stack([some[first], other[second]], 1))
    return torch.cat(found)


def _joined(seen: Seen) -> Seen:
    """The rows, what stood in several parts as one: all their pixels, with the score and other columns of the best."""
    rows: Any = seen.rows
    pairs = _pairs(seen, seen.cut, lambda one, other: iou_matrix(one, other) > 0)
    pixels = _Pixels(rows.masks)
    same = [(one, other) for one, other in pairs.tolist() if one < other and _agree(pixels, seen, one, other)]
    same.sort(key=lambda pair: -min(float(rows.scores[row]) for row in pair))
    groups = _parts_of_one(same, seen.own.tolist())
    if not groups:
        return seen
    best = torch.tensor([max(group, key=lambda row: float(rows.scores[row])) for group in groups])
    hulls = [torch.cat([rows.boxes[g, :2].amin(0), rows.boxes[g, 2:].amax(0)]) for g in groups]
    whole = replace(rows[best], boxes=torch.stack(hulls), masks=rows.masks.joined(groups))
    alone = torch.ones(len(rows), dtype=torch.bool)
    alone[[row for group in groups for row in group]] = False
    left, of_no_tile = seen[alone], torch.full((len(groups),), -1)
    return Seen(
        Instances.cat([left.rows, whole]),
        torch.cat([left.groups, seen.groups[best]]),
        seen.tiles,
        torch.cat([left.own, of_no_tile]),
        torch.cat([left.cut, of_no_tile >= 0]),
    )


def _agree(pixels: "_Pixels", seen: Seen, one: int, other: int) -> bool:
    """Whether the masks of two rows are one object's, by what both of their tiles show."""
    here, there = seen.tiles[int(seen.own[one])], seen.tiles[int(seen.own[other])]
    shared = Window(*map(max, here[:2], there[:2]), *map(min, here[2:], there[2:]))
    both = pixels.both(one, other, shared)
    return both > SAME * (pixels.both(one, one, shared) + pixels.both(other, other, shared) - both)


def _parts_of_one(pairs: Iterable[tuple[int, int]], own: Sequence[int]) -> list[list[int]]:
    """Rows that pairs lead together, the best pair first; one of each tile, so that no weak double spoils a mask."""
    groups: dict[int, list[int]] = {}
    for one, other in pairs:
        first, second = groups.get(one, [one]), groups.get(other, [other])
        both = first + second
        if len({own[row] for row in both}) == len(both):
            groups |= dict.fromkeys(both, both)
    return list({id(group): group for group in groups.values()}.values())


class _Pixels:
    """Counts pixels of masks within their windows, of which none is ever laid out over the picture."""

    def __init__(self, masks: Masks) -> None:
        self._crops, self._windows = masks.crops(), masks.windows.tolist()

    def both(self, one: int, other: int, within: Window | None = None) -> int:
        """Pixels that two masks have in common, in a part of the picture or anywhere."""
        x1, y1, x2, y2 = self._windows[one]
        left, top, right, bottom = self._windows[other]
        left, top, right, bottom = max(x1, left), max(y1, top), min(x2, right), min(y2, bottom)
        if within is not None:
            left, top = max(left, within.left), max(top, within.top)
            right, bottom = min(right, within.right), min(bottom, within.bottom)
        if right <= left or bottom <= top:
            return 0
        crops = [self._cut(row, left, top, right, bottom) for row in (one, other)]
        return int((crops[0] & crops[1]).sum())

    def _cut(self, row: int, left: int, top: int, right: int, bottom: int) -> Tensor:
        x, y = self._windows[row][:2]
        return self._crops[row][top - y : bottom - y, left - x : right - x]
