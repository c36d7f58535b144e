"""What is counted of joints, by their names: rows of a table, the torso that distances are held against, sticks.

Sources: MPII's evaluation (Andriluka et al. 2014, 2D human pose estimation): pelvis and thorax are left out, the head
is upper neck and top, and both sides are one row. FLIC's and Yang and Ramanan's torso: from a shoulder to the opposite
hip. Sticks: Ferrari et al. 2008, Progressive search space reduction, as told of LSP: ten, torso and head among them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from saccade.core.joint_names import MPII_NAMES, usual_name

_SIDES = ("left_", "right_")
_MPII_ROWS = {"head": ("upper_neck", "head_top")}
_MPII_ORDER = ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_LIMBS = {
    "upper legs": ("hip", "knee"),
    "lower legs": ("knee", "ankle"),
    "upper arms": ("shoulder", "elbow"),
    "lower arms": ("elbow", "wrist"),
}
_NECK, _TOP = ("upper_neck", "neck"), ("head_top", "top_head", "top_of_head")


class Stick(NamedTuple):
    """A part of the body between two places, each the mean of some joints.

    Attributes:
        row: What it is called, both sides alike.
        start: Positions of the joints at its one end.
        end: Those at the other.
    """

    row: str
    start: tuple[int, ...]
    end: tuple[int, ...]


def joint_rows(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Rows of a table, each the joints that it is the mean of: left and right of one name; of MPII's joints its own.

    Args:
        names: Names of the K joints.
    """
    usual = [usual_name(name) for name in names]
    if set(usual) == set(MPII_NAMES):
        wanted = {row: _MPII_ROWS.get(row, tuple(side + row for side in _SIDES)) for row in _MPII_ORDER}
        return {row: tuple(usual.index(name) for name in parts) for row, parts in wanted.items()}
    rows: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(usual):
        plain = next((name.removeprefix(side) for side in _SIDES if name.startswith(side)), name).replace("_", " ")
        rows[plain] = (*rows.get(plain, ()), place)
    return rows


def numbered(names: Sequence[str], count: int) -> tuple[str, ...]:
    """The names of joints; numbers from 1 where nobody named them."""
    return tuple(names) or tuple(f"joint {place}" for place in range(1, count + 1))


def is_mpii(names: Sequence[str]) -> bool:
    """Whether the joints are MPII's, in whatever order."""
    return {usual_name(name) for name in names} == set(MPII_NAMES)


def torso(names: Sequence[str]) -> tuple[int, int] | None:
    """Positions of the left shoulder and the right hip; None where there are none."""
    found = _places(names, ("left_shoulder", "right_hip"))
    return None if found is None else (found[0], found[1])


def sticks(names: Sequence[str]) -> tuple[Stick, ...]:
    """The sticks whose joints there are: torso, legs, arms, head."""
    found: list[Stick] = []
    hips, shoulders = (_places(names, [side + part for side in _SIDES]) for part in ("hip", "shoulder"))
    if hips is not None and shoulders is not None:
        found.append(Stick("torso", hips, shoulders))
    for row, (upper, lower) in _LIMBS.items():
        ends = (_places(names, (side + upper, side + lower)) for side in _SIDES)
        found += [Stick(row, both[:1], both[1:]) for both in ends if both is not None]
    neck, top = (_first(names, known) for known in (_NECK, _TOP))
    return (*found, Stick("head", neck, top)) if neck and top else tuple(found)


def stick_rows(parts: Iterable[Stick]) -> Mapping[str, tuple[int, ...]]:
    """Rows of a table of sticks, each the sticks of which it is told together."""
    rows: dict[str, tuple[int, ...]] = {}
    for place, stick in enumerate(parts):
        rows[stick.row] = (*rows.get(stick.row, ()), place)
    return rows


def _places(names: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...] | None:
    """Positions of joints; None where one is missing."""
    usual = [usual_name(name) for name in names]
    return tuple(usual.index(name) for name in wanted) if set(wanted) <= set(usual) else None


def _first(names: Sequence[str], known: Sequence[str]) -> tuple[int, ...]:
    """The position of the first name that stands among the known ones; none where none does."""
    return tuple(place for place, name in enumerate(names) if usual_name(name) in known)[:1]
