"""One person's joints as numbers: how far each is from its place, and what that is held against.

Legend: K joints, S sticks.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.metrics.pose.schema import Stick, torso
from saccade.metrics.pose.within import Flags, Floats, distances

# Of the torso, and of a whole person: within this share a joint is right (Sapp and Taskar 2013; Yang and Ramanan 2013).
OF_TORSO, OF_PERSON = 0.2, 0.1
PIXELS_OF_SCALE = 200.0


class Yardstick(NamedTuple):
    """What distances of PCK are held against.

    Attributes:
        ends: Positions of the two joints whose distance it is; None: the person's size.
        at: The share of it within which a joint is right.
        words: What it is, in a few words.
    """

    ends: tuple[int, int] | None
    at: float
    words: str


class PersonRow(NamedTuple):
    """One person.

    Attributes:
        far: (K,) pixels of each joint from its place; NaN not annotated, infinite without a guess.
        head: Head size in pixels, or NaN.
        length: The yardstick's length in pixels, or NaN.
        ends: (2, S) pixels of the two ends of each stick from their places.
        lengths: (S,) pixels of each stick; NaN where an end is not annotated.
    """

    far: Floats
    head: float
    length: float
    ends: Floats
    lengths: Floats


def yardstick(names: Sequence[str]) -> Yardstick:
    """The torso where the joints' names tell one, else the person's size."""
    ends = torso(names)
    if ends is not None:
        return Yardstick(ends, OF_TORSO, "the torso, left shoulder to right hip")
    return Yardstick(None, OF_PERSON, "the person's height, or the longer side of the box around the joints")


def person_row(prediction: Annotation, truth: Annotation, by: Yardstick, sticks: Sequence[Stick]) -> PersonRow | None:
    """One person's numbers; None where no joint is annotated.

    Args:
        prediction: Joints in the picture's own pixels.
        truth: Joints, which of them are annotated, and the person's measures where they are known.
        by: What PCK is held against.
        sticks: S sticks.
    """
    if truth.pose is None or prediction.pose is None:
        return None
    wanted, guess = (part.double().numpy() for part in (truth.pose, prediction.pose))
    known: Flags = np.logical_and.reduce(np.isfinite(wanted), axis=1)
    if truth.pose_visible is not None:
        known = known & (truth.pose_visible.numpy() > 0)
    if not known.any():
        return None
    wanted = np.where(known[:, None], wanted, np.nan)
    starts, ends = (_ends(wanted, sticks, part) for part in ("start", "end"))
    lengths = _length(starts - ends)
    lengths[lengths == 0] = np.nan
    found = (_ends(guess, sticks, part) for part in ("start", "end"))
    off = [distances(one, other, ~np.isnan(lengths)) for one, other in zip(found, (starts, ends), strict=True)]
    person = truth.person
    head = _number(None if person is None else person.head_size)
    scale = _number(None if person is None else person.scale)
    return PersonRow(distances(guess, wanted, known), head, _yard(wanted, scale, by), np.stack(off), lengths)


def _yard(wanted: Floats, scale: float, by: Yardstick) -> float:
    if by.ends is not None:
        length = float(_length(wanted[by.ends[0]] - wanted[by.ends[1]]))
    elif np.isnan(scale):
        length = float((np.nanmax(wanted, 0) - np.nanmin(wanted, 0)).max())
    else:
        length = PIXELS_OF_SCALE * scale
    return length if length > 0 else np.nan


def _ends(points: Floats, sticks: Sequence[Stick], part: str) -> Floats:
    """(S, 2) one end of each stick."""
    places = [points[list(getattr(stick, part))].mean(0) for stick in sticks]
    return np.stack(places) if places else np.zeros((0, 2))


def _length(moves: Floats) -> Floats:
    return np.hypot(moves[..., 0], moves[..., 1])


def _number(value: Tensor | None) -> float:
    """A measure above 0, or NaN."""
    found = np.nan if value is None else float(value)
    return found if found > 0 else np.nan
