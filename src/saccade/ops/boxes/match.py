"""Matchers: which true object, if any, each box answers for.

Legend: n true objects, m boxes. A match is a row of the truth, or one of `BACKGROUND` and `BETWEEN`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Literal

import torch
from torch import Tensor

from saccade.ops.boxes.geometry import iou_matrix

# Nothing is there; and neither object nor background, so that the box is left out of the loss.
BACKGROUND, BETWEEN = -1, -2
# Entries of the overlap matrix that exist at once: thousands of true boxes must not exhaust memory. What a CPU's cache
# holds is matched three times as fast; other devices want much at once.
_ENTRIES, _ENTRIES_ELSEWHERE = 2**18, 2**24
# Boxes that are sought at a time for an object whose best box another one has.
OFFERED = 512


@dataclass(frozen=True)
class Matcher:
    """Matching by intersection over union.

    Attributes:
        high: Overlap from which a box answers for the object that it covers best.
        low: Overlap below which a box is background; `BETWEEN` the two it is left out.
        best: What else each object gets. ``none``. ``ties``: all boxes that cover it best take the object that they
            cover best themselves (Faster R-CNN, section 3.1.2). ``claim``: a box of its own, which it takes from any
            other object: the one that covers it best, or, where another object that it covers better has that one, the
            best that is left (bipartite matching; SSD, section 2.2, after MultiBox).
    """

    high: float
    low: float
    best: Literal["none", "ties", "claim"] = "none"

    def __call__(self, truth: Tensor, boxes: Tensor) -> Tensor:
        """(m,) int64 matches of `boxes` (m, 4) with `truth` (n, 4)."""
        matches = torch.full((len(boxes),), BACKGROUND, dtype=torch.int64, device=boxes.device)
        if not len(truth) or not len(boxes):
            return matches
        overlap, nearest, most, place = _survey(truth, boxes)
        matches[overlap >= self.low] = BETWEEN
        matches = torch.where(overlap >= self.high, nearest, matches)
        if self.best == "ties":
            matches = torch.where(_best_boxes(truth, boxes, most), nearest, matches)
        if self.best == "claim":
            _claim(matches, truth, boxes, most, place)
        return matches


@dataclass(frozen=True)
class Nearest:
    """Each box answers for the object that it covers best, where it covers it enough; all others are background.

    Attributes:
        above: Overlap above which it does.
    """

    above: float

    def __call__(self, truth: Tensor, boxes: Tensor) -> Tensor:
        """(m,) int64 matches of `boxes` (m, 4) with `truth` (n, 4)."""
        background = torch.full((len(boxes),), BACKGROUND, dtype=torch.int64, device=boxes.device)
        if not len(truth) or not len(boxes):
            return background
        overlap, nearest = best_of(truth, boxes)
        return torch.where(overlap > self.above, nearest, background)


def best_of(truth: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """(m,) greatest overlap of each box (m, 4) with an object of `truth` (n ≥ 1, 4), and (m,) that object's row."""
    overlap, nearest, _, _ = _survey(truth, boxes)
    return overlap, nearest


def _chunks(truth: Tensor, boxes: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Where a run of boxes begins, and its (n, run) overlaps."""
    run = max(1, (_ENTRIES if boxes.is_cpu else _ENTRIES_ELSEWHERE) // len(truth))
    for start in range(0, len(boxes), run):
        yield start, iou_matrix(truth, boxes[start : start + run])


def _survey(truth: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Who covers whom best, in one pass.

    Returns:
        (m,) each box's greatest overlap with an object, (m,) that object, (n,) each object's greatest overlap with a
        box, and (n,) the first such box, or -1 where none overlaps.
    """
    # Written in place: small results kept between large temporary ones would leave memory in pieces.
    overlap, nearest = boxes.new_empty(len(boxes)), torch.empty(len(boxes), dtype=torch.int64, device=boxes.device)
    most = torch.zeros(len(truth), dtype=boxes.dtype, device=boxes.device)
    place = torch.full((len(truth),), -1, dtype=torch.int64, device=boxes.device)
    for start, overlaps in _chunks(truth, boxes):
        run = slice(start, start + overlaps.shape[1])
        overlap[run], nearest[run] = overlaps.max(0)
        values, places = overlaps.max(1)
        better = values > most
        most, place = torch.where(better, values, most), torch.where(better, places + start, place)
    return overlap, nearest, most, place


def _best_boxes(truth: Tensor, boxes: Tensor, most: Tensor) -> Tensor:
    """(m,) bool: whether a box covers some object as well as any box does, `most` (n,), and at all."""
    wanted = most.masked_fill(most == 0, torch.inf)[:, None]
    covers = torch.empty(len(boxes), dtype=torch.bool, device=boxes.device)
    for start, overlaps in _chunks(truth, boxes):
        covers[start : start + overlaps.shape[1]] = (overlaps == wanted).any(0)
    return covers


def _claim(matches: Tensor, truth: Tensor, boxes: Tensor, most: Tensor, place: Tensor) -> None:
    """Each object takes a box of its own: of all pairs that are left the one of greatest overlap, until none is."""
    waiting = [
        (-overlap, box, row) for row, (overlap, box) in enumerate(zip(most.tolist(), place.tolist(), strict=True))
    ]
    waiting = [pair for pair in waiting if pair[1] >= 0]
    heapify(waiting)
    owners: dict[int, int] = {}
    offers: dict[int, Iterator[tuple[float, int]]] = {}
    while waiting:
        _, box, row = heappop(waiting)
        if owners.setdefault(box, row) == row:
            continue
        if row not in offers:
            offers[row] = _offers(truth[row : row + 1], boxes, owners)
        following = next(offers[row], None)
        if following is not None:
            heappush(waiting, (*following, row))
    matches[list(owners)] = matches.new_tensor(list(owners.values()))


def _offers(shown: Tensor, boxes: Tensor, owners: Mapping[int, int]) -> Iterator[tuple[float, int]]:
    """Boxes that overlap an object (1, 4) and are nobody's, best first: the negated overlap, and the place."""
    while True:
        overlaps = iou_matrix(shown, boxes)[0]
        overlaps[list(owners)] = 0
        touched = overlaps.nonzero()[:, 0]
        values, order = (column[:OFFERED] for column in overlaps[touched].sort(descending=True, stable=True))
        yield from zip((-values).tolist(), touched[order].tolist(), strict=True)
        if len(touched) <= OFFERED:
            return
