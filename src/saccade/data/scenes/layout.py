"""What is in a scene and where: everything that is drawn by chance before a single pixel is looked at."""

import math
from dataclasses import dataclass

import numpy as np

from saccade.data.scenes.figure import FIGURE_AREA, around, draw_pose
from saccade.data.scenes.shapes import CIRCLE, SHAPES, Array

CLASSES = (*SHAPES, "figure")
FIGURE = CLASSES.index("figure")

_MAIN_SIZE, _OTHER_SIZE = (0.36, 0.5), (0.06, 0.19)  # square root of the area, in units of the picture's side
_OTHERS = (2, 7)  # how many smaller objects are tried
_MOST_ROOM = 0.97  # of the picture's side that one object may take
_TILT = 0.18  # perspective: how much nearer the one end of an object is than its middle


@dataclass(frozen=True)
class Thing:
    """One object of a scene, in units of the picture's side.

    Attributes:
        label: Position in `CLASSES`.
        depth: Nearness to the viewer, 0..1; nearer things hide the others.
        unit: Length of one of its outline's own units.
        box: (4,) x1, y1, x2, y2 of a box around it, not a tight one.
        to_picture: (3, 3) projective map from the outline's own coordinates into the picture.
        joints: (16, 2) in those coordinates, of a figure.
    """

    label: int
    depth: float
    unit: float
    box: Array
    to_picture: Array
    joints: Array | None = None


def main_label(seed: int, index: int) -> int:
    """Class of the largest object: among len(CLASSES) neighbouring pictures each class comes once."""
    block, place = divmod(index, len(CLASSES))
    return int(np.random.default_rng([seed, block, 0]).permutation(len(CLASSES))[place])


def draw_things(seed: int, index: int) -> list[Thing]:
    """The large main object of one scene, then the smaller ones that may find room."""
    rng = np.random.default_rng([seed, index, 1])
    things = [_draw_thing(rng, main_label(seed, index), _MAIN_SIZE, depth=0.5)]
    for _ in range(rng.integers(*_OTHERS)):
        label, depth = int(rng.integers(len(CLASSES))), float(rng.uniform())
        things.append(_draw_thing(rng, label, _OTHER_SIZE, depth))
    return things


def _draw_thing(rng: np.random.Generator, label: int, sizes: tuple[float, float], depth: float) -> Thing:
    joints = draw_pose(rng) if label == FIGURE else None
    area, outline, most_turn = _measures(label, joints)
    unit = math.exp(rng.uniform(*np.log(sizes))) / math.sqrt(area)
    turn, aspect = rng.uniform(-most_turn, most_turn), math.exp(rng.uniform(-0.16, 0.16))
    tilt = rng.uniform(-_TILT, _TILT, 2) / np.hypot(*outline.T).max()
    matrix = _projection(aspect, 1 / aspect, turn, tilt)
    moved = project(matrix, outline)
    low, high = moved.min(0), moved.max(0)
    unit = min(unit, _MOST_ROOM / float((high - low).max()))
    offset = rng.uniform(size=2) * (1 - unit * (high - low)) - unit * low
    to_picture = np.array([[unit, 0, offset[0]], [0, unit, offset[1]], [0, 0, 1]]) @ matrix
    return Thing(label, depth, unit, np.concatenate([unit * low + offset, unit * high + offset]), to_picture, joints)


def _measures(label: int, joints: Array | None) -> tuple[float, Array, float]:
    """Area of an outline in its own units, (n, 2) points around it, and the greatest turn to either side in radians."""
    if joints is not None:
        return FIGURE_AREA, around(joints), math.radians(25)
    shape = SHAPES[CLASSES[label]]
    return shape.area, CIRCLE * shape.reach, math.pi


def _projection(width: float, height: float, turn: float, tilt: Array) -> Array:
    cos, sin = math.cos(turn), math.sin(turn)
    spin = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    view = np.eye(3)
    view[2, :2] = tilt
    return spin @ np.diag([width, height, 1]) @ view


def project(matrix: Array, points: Array) -> Array:
    """(n, 2) points, moved by a (3, 3) projective map."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return moved[:, :2] / moved[:, 2:]
