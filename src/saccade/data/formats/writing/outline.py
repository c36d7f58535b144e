"""Outlines of masks along the edges of their pixels.

Legend: (h, w) a mask; loops are (N, 2) corners x, y.
"""

import numpy as np
from numpy.typing import NDArray

Loop = NDArray[np.float64]
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, down, left, up


def loops(mask: NDArray[np.bool_], corner: tuple[int, int] = (0, 0)) -> tuple[list[Loop], list[Loop]]:
    """The closed lines between a mask's pixels and the others.

    Pixels that touch at a corner alone belong together. Filled by COCO's rule, the lines give the mask again.

    Args:
        mask: (h, w).
        corner: x, y of the mask's upper left corner in the picture.

    Returns:
        Lines around parts, the largest first, and lines around holes.
    """
    ahead = _edges(mask)
    parts: list[tuple[float, Loop]] = []
    holes: list[Loop] = []
    while ahead:
        loop = _walk(ahead)
        area = signed_area(loop)
        if area > 0:
            parts.append((area, loop + corner))
        else:
            holes.append(loop + corner)
    parts.sort(key=lambda part: -part[0])
    return [loop for _, loop in parts], holes


def signed_area(loop: Loop) -> float:
    """Area inside a loop, positive where it runs clockwise on the screen."""
    x, y = loop.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _edges(mask: NDArray[np.bool_]) -> dict[tuple[int, int], list[int]]:
    """The steps (places in `_STEPS`) that lead on from each corner, with the mask to the right of them."""
    inner = np.pad(mask, 1)
    here = inner[1:-1, 1:-1]
    found: dict[tuple[int, int], list[int]] = {}
    # Neighbour above, right, below and left of a pixel; where on the pixel the edge beside it begins.
    sides = (
        (inner[:-2, 1:-1], 0, 0),
        (inner[1:-1, 2:], 1, 0),
        (inner[2:, 1:-1], 1, 1),
        (inner[1:-1, :-2], 0, 1),
    )
    for step, (neighbour, right, down) in enumerate(sides):
        for y, x in np.argwhere(here & ~neighbour).tolist():
            found.setdefault((x + right, y + down), []).append(step)
    return found


def _walk(ahead: dict[tuple[int, int], list[int]]) -> Loop:
    """One loop, taken out of the edges: its corners, without those on straight lines."""
    start = place = next(iter(ahead))
    first = step = _take(ahead, start, ahead[start][0])
    corners: list[tuple[int, int]] = []
    while True:
        place = (place[0] + _STEPS[step][0], place[1] + _STEPS[step][1])
        choices = ahead.get(place, []) + ([first] if place == start else [])
        # Left before straight on before right: so pixels that touch at a corner stay together.
        turn = min(choices, key=lambda choice: (choice - step + 1) % 4)
        if turn != step:
            corners.append(place)
        if place == start and turn == first:
            return np.array(corners, np.float64)
        step = _take(ahead, place, turn)


def _take(ahead: dict[tuple[int, int], list[int]], place: tuple[int, int], step: int) -> int:
    ahead[place].remove(step)
    if not ahead[place]:
        del ahead[place]
    return step
