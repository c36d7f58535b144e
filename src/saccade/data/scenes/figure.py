"""The jointed figure: a skeleton with MPII's 16 joints, and the rounded limbs that dress it.

The figure faces the viewer, so that its right hand is on the picture's left. Its coordinates have x to the right and
y down; about 1 from the feet to the top of the head.
"""

import math
from dataclasses import dataclass

import numpy as np

from saccade.core.joint_names import MPII_BONES, joints
from saccade.data.scenes.shapes import CIRCLE, Array

_NAMES = (
    *("r ankle", "r knee", "r hip", "l hip", "l knee", "l ankle"),
    *("pelvis", "thorax", "upper neck", "head top"),
    *("r wrist", "r elbow", "r shoulder", "l shoulder", "l elbow", "l wrist"),
)
JOINTS = joints(_NAMES, MPII_BONES)

FIGURE_AREA = 0.25  # of a figure of height 1, limbs spread; poses differ by about a fifth
HEAD_RADIUS = 0.105
_HEAD_TOP = 0.092  # how far the head's centre lies below the joint of that name, which is on the head itself

# Limbs that are drawn together, back to front: (joint, joint, radius at the first, radius at the second), and how
# bright the group is beside the figure's own colour.
_LEGS = ((2, 1, 0.06, 0.05), (1, 0, 0.05, 0.045), (3, 4, 0.06, 0.05), (4, 5, 0.05, 0.045))
_TRUNK = ((7, 6, 0.1, 0.095), (12, 13, 0.055, 0.055), (7, 8, 0.05, 0.045))
_ARMS = ((12, 11, 0.052, 0.044), (11, 10, 0.044, 0.042), (13, 14, 0.052, 0.044), (14, 15, 0.044, 0.042))
_LEG_TONE, _TRUNK_TONE, _ARM_TONE, _HEAD_TONE, _EYE_TONE = 0.72, 1.0, 0.9, 1.12, 0.12


@dataclass(frozen=True)
class Layer:
    """One layer of an object, painted over those before it.

    Attributes:
        distance: (h, w) signed distance from the layer's outline.
        tone: Brightness beside the object's own colour.
    """

    distance: Array
    tone: float = 1.0


def draw_pose(rng: np.random.Generator) -> Array:
    """(16, 2) joints of a random pose, about the middle of their hull."""
    lean, nod = rng.uniform(-12, 12), rng.uniform(-15, 15)
    breadth = rng.uniform(0.8, 1.05)
    joints = np.zeros((16, 2))
    joints[7] = joints[6] + _step(180 - lean, 0.26)
    joints[8] = joints[7] + _step(180 - lean, 0.06)
    joints[9] = joints[8] + _step(180 - lean - nod, 0.2)
    for side, (ankle, knee, hip, wrist, elbow, shoulder) in ((-1, (0, 1, 2, 10, 11, 12)), (1, (5, 4, 3, 15, 14, 13))):
        raised, bent, spread, kick = rng.uniform((15, -25, 3, -45), (150, 95, 42, 10))
        joints[shoulder] = joints[7] + side * breadth * _step(90 - lean, 0.115) + (0, 0.01)
        joints[elbow] = joints[shoulder] + _step(side * raised, 0.17)
        joints[wrist] = joints[elbow] + _step(side * (raised + bent), 0.16)
        joints[hip] = joints[6] + (side * breadth * 0.07, 0.02)
        joints[knee] = joints[hip] + _step(side * spread, 0.21)
        joints[ankle] = joints[knee] + _step(side * (spread + kick), 0.21)
    return joints - (joints.min(0) + joints.max(0)) / 2


def _step(degrees: float, length: float) -> Array:
    """The way to the next joint; 0 degrees is straight down, 90 to the right of the picture."""
    angle = math.radians(degrees)
    return np.array([math.sin(angle), math.cos(angle)]) * length


def head(joints: Array) -> Array:
    """(2,) centre of the head's disc."""
    up = joints[9] - joints[8]
    return joints[9] - up / np.hypot(*up) * _HEAD_TOP


def around(joints: Array) -> Array:
    """(n, 2) points around the figure, limbs and all."""
    return (joints[:, None] + 0.1 * CIRCLE).reshape(-1, 2)


def figure_layers(joints: Array, x: Array, y: Array) -> list[Layer]:
    """The figure's layers, back to front: legs, trunk, arms, head, eyes.

    Args:
        joints: (16, 2) in the figure's own coordinates.
        x: Points to measure; broadcasts against `y`.
        y: Points to measure.
    """
    feet = [(joints[ankle], joints[ankle] + (side * 0.055, 0.02), 0.045, 0.038) for ankle, side in ((0, -1), (5, 1))]
    centre = head(joints)
    up = (joints[9] - centre) / _HEAD_TOP
    eyes = [centre + up * 0.015 + np.array([-up[1], up[0]]) * side * 0.04 for side in (-1, 1)]
    return [
        Layer(_limbs([*_between(joints, _LEGS), *feet], x, y), _LEG_TONE),
        Layer(_limbs(_between(joints, _TRUNK), x, y), _TRUNK_TONE),
        Layer(_limbs(_between(joints, _ARMS), x, y), _ARM_TONE),
        Layer(_disc(centre, HEAD_RADIUS, x, y), _HEAD_TONE),
        Layer(np.minimum(*(_disc(eye, 0.016, x, y) for eye in eyes)), _EYE_TONE),
    ]


Limb = tuple[Array, Array, float, float]


def _between(joints: Array, limbs: tuple[tuple[int, int, float, float], ...]) -> list[Limb]:
    return [(joints[start], joints[end], first, last) for start, end, first, last in limbs]


def _limbs(limbs: list[Limb], x: Array, y: Array) -> Array:
    distance = _limb(*limbs[0], x, y)
    for limb in limbs[1:]:
        np.minimum(distance, _limb(*limb, x, y), out=distance)
    return distance


def _limb(start: Array, end: Array, first: float, last: float, x: Array, y: Array) -> Array:
    """Distance from a rod with round ends whose radius runs from `first` to `last`."""
    dx, dy = (end - start).tolist()
    px, py = x - np.float32(start[0]), y - np.float32(start[1])
    along = np.clip((px * dx + py * dy) * (1 / (dx * dx + dy * dy)), 0, 1)
    px, py = px - along * dx, py - along * dy
    return np.sqrt(px * px + py * py) - (first + along * (last - first))


def _disc(centre: Array, radius: float, x: Array, y: Array) -> Array:
    return np.hypot(x - np.float32(centre[0]), y - np.float32(centre[1])) - np.float32(radius)
