"""Windows of many sizes and shapes over a picture, and their sides moved to where they score best.

Source: Zitnick, Dollár 2014, Edge boxes: locating object proposals from edges, sections 3.3 and 3.4.

Legend: n boxes (n, 4) int x1, y1, x2, y2, the first and last column and row of pixels.
"""

import numpy as np

from saccade.ops.proposals.edge_map import Array
from saccade.ops.proposals.edge_scores import BoxScorer

# Pixels below which steps of both sides are too small to go on.
LEAST_STEP = 2


def windows(height: int, width: int, *, alpha: float, ratio: float, area: float) -> Array:
    """(n, 4) windows, evenly spread, of which neighbours in place, size or shape overlap by about `alpha`.

    Args:
        height: Of the picture.
        width: Of the picture.
        alpha: Intersection over union of neighbours.
        ratio: Widest window: its width over its height; the tallest the other way round.
        area: Smallest window in pixels.
    """
    shape, scale, step = (1 + alpha) / (2 * alpha), (1 / alpha) ** 0.5, step_share(alpha)
    shapes = int(np.log(ratio) / np.log(shape**2) + 1e-9)
    found: list[Array] = [np.zeros((0, 4), np.int64)]
    size = area**0.5
    while size < scale * max(height, width):
        for turn in range(-shapes, shapes + 1):
            wide, high = round(size * shape**turn), round(size / shape**turn)
            if wide > width * (1 + step) or high > height * (1 + step):
                continue
            x1, x2 = _places(wide, width, step)
            y1, y2 = _places(high, height, step)
            corners = [np.repeat(x1[None], len(y1), 0), np.repeat(y1[:, None], len(x1), 1)]
            corners += [np.repeat(x2[None], len(y1), 0), np.repeat(y2[:, None], len(x1), 1)]
            found.append(np.stack([corner.ravel() for corner in corners], 1))
        size *= scale
    return np.concatenate(found)


def refined(boxes: Array, scores: Array, scorer: BoxScorer, alpha: float) -> tuple[Array, Array]:
    """Boxes and scores after each side in turn was moved outwards or inwards where that helped, by ever smaller steps.

    Args:
        boxes: (n, 4).
        scores: (n,) theirs.
        scorer: Of the picture.
        alpha: Overlap of neighbouring windows, which gives the first steps.
    """
    boxes, scores = boxes.copy(), scores.copy()
    steps = (_sides(boxes) * step_share(alpha)).astype(np.int64) // 2
    moving = np.flatnonzero((steps >= LEAST_STEP).any(1))
    while len(moving):
        for side, outwards in ((1, -1), (3, 1), (0, -1), (2, 1)):
            distance = np.maximum(steps[moving, side % 2], 1) * outwards
            better = _move(boxes, scores, scorer, (moving, side, distance))
            _move(boxes, scores, scorer, (moving[~better], side, -distance[~better]))
        steps //= 2
        moving = moving[(steps[moving] >= LEAST_STEP).any(1)]
    return boxes, scores


def _move(boxes: Array, scores: Array, scorer: BoxScorer, move: tuple[Array, int, Array]) -> Array:
    """Moves a side of chosen boxes where they then score more, and says (m,) which did.

    What cannot score more, even if its border cut no contour, is not looked at further.
    """
    chosen, side, distance = move
    moved = boxes[chosen]
    moved[:, side] = np.clip(moved[:, side] + distance, 0, scorer.size[side % 2] - 1)
    better = np.asarray((_sides(moved) >= 1).all(1))
    better[better] = scorer.bound(moved[better]) > scores[chosen[better]]
    found = scorer(moved[better])
    more = found > scores[chosen[better]]
    better[better] = more
    boxes[chosen[better]], scores[chosen[better]] = moved[better], found[more]
    return better


def step_share(alpha: float) -> float:
    """Share of its side by which a window is shifted until it overlaps itself by `alpha`."""
    return (1 - alpha) / (1 + alpha)


def _places(side: int, whole: int, step: float) -> tuple[Array, Array]:
    """First and last pixels of windows of one side; a window larger than the picture is cut to it."""
    side = min(max(side, 1), whole)
    number = int(np.ceil((whole - side) / max(side * step, 2))) + 1
    first = np.linspace(0, whole - side, number).round().astype(np.int64)
    return first, first + side - 1


def _sides(boxes: Array) -> Array:
    """(n, 2) widths and heights."""
    return boxes[:, 2:] - boxes[:, :2] + 1
