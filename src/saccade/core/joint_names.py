"""What names of joints tell beyond themselves: what is mirrored, what bones connect, how far annotators stray.

Runs keep names of joints alone; whatever else is known of them follows from these here.
"""

import re
from collections.abc import Iterator, Sequence

from saccade.core.dataset import Joints

COCO_NAMES = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
# COCO's object keypoint similarity: how far annotators stray, over the square root of the person's area.
_EYES_EARS = (0.025, 0.025, 0.035, 0.035)
_ARMS = (0.079, 0.079, 0.072, 0.072, 0.062, 0.062)
_LEGS = (0.107, 0.107, 0.087, 0.087, 0.089, 0.089)
COCO_SIGMAS = (0.026, *_EYES_EARS, *_ARMS, *_LEGS)
# Of joints that COCO does not name: about that of its hips and shoulders.
SIGMA = 0.1
_FACE_BONES = ((0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6))
_BODY_BONES = ((5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12))
COCO_BONES = (*_FACE_BONES, *_BODY_BONES, (11, 13), (13, 15), (12, 14), (14, 16))

_MPII_LEGS = ("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle")
_MPII_TRUNK = ("pelvis", "thorax", "upper_neck", "head_top")
_MPII_ARMS = ("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist")
MPII_NAMES = (*_MPII_LEGS, *_MPII_TRUNK, *_MPII_ARMS)
_LEG_BONES = ((0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5))
_ARM_BONES = ((10, 11), (11, 12), (12, 7), (7, 13), (13, 14), (14, 15))
MPII_BONES = (*_LEG_BONES, (6, 7), (7, 8), (8, 9), *_ARM_BONES)

_KNOWN: dict[tuple[str, ...], tuple[tuple[int, int], ...]] = {COCO_NAMES: COCO_BONES, MPII_NAMES: MPII_BONES}
# Bones between joints of usual names, where a list of joints is none of those known.
_USUAL = frozenset(frozenset((names[a], names[b])) for names, bones in _KNOWN.items() for a, b in bones)

# Left in a joint's name: the word, or the letter where it stands alone, as in l_ear, knee.L, LKnee and kneeL.
_LEFT = re.compile(r"left|Left|LEFT|(?<![A-Za-z])[lL](?![a-z])|(?<=[a-z])L(?![A-Za-z])")
_RIGHT = {"left": "right", "Left": "Right", "LEFT": "RIGHT", "l": "r", "L": "R"}


def mirrored_pairs(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Positions of joints whose names differ in left and right alone: ``left_knee`` and ``right_knee``, ``l_ear`` …."""
    places = {name: place for place, name in enumerate(names)}
    pairs = ((place, places[other]) for name, place in places.items() for other in _mirrored(name) if other in places)
    return tuple(pairs)


def _mirrored(name: str) -> Iterator[str]:
    """The names that the right joint of a left one may have."""
    for found in _LEFT.finditer(name):
        yield name[: found.start()] + _RIGHT[found.group()] + name[found.end() :]


def joints(names: Sequence[str], bones: Sequence[tuple[int, int]] = (), sigmas: Sequence[float] = ()) -> Joints:
    """Joints of these names; pairs follow from the names.

    Args:
        names: K names.
        bones: Pairs of joints that a drawing connects.
        sigmas: K constants of object keypoint similarity; of none COCO's, where the names are COCO's 17.
    """
    own = tuple(map(float, sigmas)) or (COCO_SIGMAS if tuple(names) == COCO_NAMES else ())
    return Joints(tuple(names), mirrored_pairs(names), tuple(bones), own)


def usual_name(name: str) -> str:
    """A joint's name as COCO and MPII write it: ``left_knee`` of ``l knee``, ``L-Knee``, ``kneeL`` and ``Knee.L``."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    words = re.sub(r"[^a-z0-9]+", " ", apart.lower()).split()
    for side, letter in (("left", "l"), ("right", "r")):
        for mark in (side, letter):
            if mark in words:
                words.remove(mark)
                return "_".join([side, *words])
    return "_".join(words)


def joints_by_name(names: Sequence[str]) -> Joints | None:
    """Joints of which nobody has more than names: their bones are COCO's or MPII's, as far as names are theirs.

    Args:
        names: Names of the joints; of none nothing is known.
    """
    if not names:
        return None
    usual = tuple(map(usual_name, names))
    pairs = ((a, b) for b in range(len(names)) for a in range(b) if frozenset((usual[a], usual[b])) in _USUAL)
    return joints(names, _KNOWN.get(usual) or tuple(pairs))


def sigmas_by_name(names: Sequence[str]) -> tuple[float, ...]:
    """K constants of object keypoint similarity: COCO's of joints that it names, `SIGMA` of all others."""
    known: dict[str, float] = dict(zip(COCO_NAMES, COCO_SIGMAS, strict=True))
    return tuple(known.get(usual_name(name), SIGMA) for name in names)


def torso_diagonals(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Positions of each shoulder with the opposite hip, the left shoulder's first; none where names tell of none."""
    shoulders, hips = (_pair_of(names, word) for word in ("shoulder", "hip"))
    if shoulders is None or hips is None:
        return ()
    return ((shoulders[0], hips[1]), (shoulders[1], hips[0]))


def _pair_of(names: Sequence[str], word: str) -> tuple[int, int] | None:
    """Left and right of the joints that a word names; None where there are none, or several."""
    found = [pair for pair in mirrored_pairs(names) if word in names[pair[0]].lower()]
    return found[0] if len(found) == 1 else None
