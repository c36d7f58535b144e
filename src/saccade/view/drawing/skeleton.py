"""Joints and the bones between them, drawn smoothly.

Legend: K joints, in the drawn picture's pixels.
"""

import math

from PIL import Image, ImageDraw
from torch import Tensor

from saccade.core.dataset import Joints
from saccade.view.drawing.palette import Colour

_FINER = 3  # drawn this many times as large, then reduced: Pillow's own slanted lines are ragged
_SIDES: tuple[Colour, Colour] = ((255, 121, 48), (30, 150, 255))
_MIDDLE: Colour = (0, 200, 140)
_DARK: Colour = (20, 20, 20)

Point = tuple[float, float]


def draw_skeleton(picture: Image.Image, points: Tensor, visible: Tensor, joints: Joints | None, stroke: int) -> None:
    """Draws one person's joints as dots, hollow where they are hidden, and the bones between those that are given.

    Args:
        picture: RGB; drawn upon.
        points: (K, 2) x, y in pixels of the picture.
        visible: (K,) 0 not given, 1 hidden, 2 visible.
        joints: Which bones there are, and which joints are one side's; None draws dots alone.
        stroke: Thickness of a bone in pixels.
    """
    given = {row: (x, y) for row, (x, y) in enumerate(points.tolist()) if visible[row] > 0 and _finite(x, y)}
    margin = 3 * stroke
    window = _window(list(given.values()), margin, picture.size)
    if window is None:
        return
    left, top, right, bottom = window
    layer = Image.new("RGBA", ((right - left) * _FINER, (bottom - top) * _FINER))
    pen = ImageDraw.Draw(layer)
    places = {row: ((x - left) * _FINER, (y - top) * _FINER) for row, (x, y) in given.items()}
    sides = _sides(joints)
    for start, end in () if joints is None else joints.bones:
        if start in places and end in places:
            side = sides.get(start, sides.get(end))
            _draw_bone(pen, (places[start], places[end]), _colour(side), stroke * _FINER)
    for row, place in places.items():
        _draw_joint(pen, place, _colour(sides.get(row)), stroke * _FINER, hollow=int(visible[row]) == 1)
    smooth = layer.reduce(_FINER)
    picture.paste(smooth, (left, top), smooth)


def _finite(x: float, y: float) -> bool:
    return math.isfinite(x) and math.isfinite(y)


def _window(points: list[Point], margin: int, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The part of a picture of `size` (W, H) that holds all points; None where none lies inside."""
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    left, top = max(math.floor(min(xs)) - margin, 0), max(math.floor(min(ys)) - margin, 0)
    right, bottom = min(math.ceil(max(xs)) + margin, size[0]), min(math.ceil(max(ys)) + margin, size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _sides(joints: Joints | None) -> dict[int, int]:
    """0 for the first and 1 for the second joint of each pair."""
    return {} if joints is None else {row: side for pair in joints.pairs for side, row in enumerate(pair)}


def _colour(side: int | None) -> Colour:
    return _MIDDLE if side is None else _SIDES[side]


def _draw_bone(pen: ImageDraw.ImageDraw, ends: tuple[Point, Point], colour: Colour, width: int) -> None:
    pen.line(ends, fill=_DARK, width=round(width * 1.7))
    pen.line(ends, fill=colour, width=width)


def _draw_joint(pen: ImageDraw.ImageDraw, place: Point, colour: Colour, width: int, hollow: bool) -> None:
    x, y = place
    for radius, fill in ((1.35 * width, _DARK), (1.0 * width, colour), (0.55 * width, _DARK if hollow else colour)):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
