"""Poses that a reader takes and a person would not: joints outside the picture, persons whose square misses them."""

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.input.person_crop import PersonCrop
from saccade.data.check.defects import Defect
from saccade.data.check.parts import Part
from saccade.data.datasets.picture import size_of, source_of

_TOLERANCE = 1.0  # pixels that a joint may lie outside: rounding, and whole pixels for their centres
_LEAST_SHOWN = 0.5  # of a person's joints, in the square that centre and scale tell
_FEW = 5


class Poses(NamedTuple):
    """What there is of poses in a split.

    Attributes:
        persons: Samples with a pose.
        pictures: Pictures that show them.
        bare: Persons none of whose joints is annotated.
        joints: How many persons have each joint, by name.
    """

    persons: int
    pictures: int
    bare: int
    joints: dict[str, int]


def odd_poses(part: Part) -> Iterator[Defect]:
    """The persons of a split that deserve a look, one by one."""
    if "pose" not in part.data.fields:
        return
    for index in range(len(part.data)):
        truth = part.data.truth(index)
        if truth.pose is not None:
            path = part.path(index)
            place, name = None if path is None else str(path), part.data.id(index)
            for found, expected, cure in _odd(truth, size_of(part.data, index)):
                yield Defect(place, None, None, found, expected, f"{cure} (the person {name})", name)


def poses_of(part: Part) -> Poses | None:
    """What there is of poses; None of data without."""
    if "pose" not in part.data.fields:
        return None
    joints = part.data.joints
    names: list[str] = [] if joints is None else list(joints.names)
    counts: dict[str, int] = dict.fromkeys(names, 0)
    bare, persons = 0, 0
    pictures: set[object] = set()
    for index in range(len(part.data)):
        truth = part.data.truth(index)
        if truth.pose is None:
            continue
        persons += 1
        path, (_, below) = part.path(index), source_of(part.data, index)
        pictures.add(below if path is None else path)
        seen = _seen(truth).nonzero().flatten().tolist()
        bare += not seen
        for name in (names[place] for place in seen if place < len(names)):
            counts[name] += 1
    return Poses(persons, len(pictures), bare, counts)


def pose_notes(part: Part) -> Iterator[str]:
    """What is good to know of a split's poses."""
    poses = poses_of(part)
    if poses is None:
        return
    yield f"{part.name}: poses of {poses.persons} persons in {poses.pictures} pictures"
    if poses.bare:
        yield f"{part.name}: {poses.bare} of them have no annotated joint, and teach nothing"
    seldom = sorted(poses.joints, key=lambda name: poses.joints[name])
    rare = [f"{name} {poses.joints[name]}" for name in seldom if 2 * poses.joints[name] < poses.persons - poses.bare]
    if rare:
        told = ", ".join(rare[:_FEW]) + (" …" if len(rare) > _FEW else "")
        yield f"{part.name}: joints that fewer than half of the persons have: {told}"


def _odd(truth: Annotation, size: tuple[int, int]) -> Iterator[tuple[str, str, str]]:
    """What was found, what was expected, and the cure."""
    pose, seen = truth.get("pose"), _seen(truth)
    limit = pose.new_tensor([size[1], size[0]])
    lost = ((pose < -_TOLERANCE) | (pose > limit + _TOLERANCE)).any(1) & seen
    for joint in lost.nonzero().flatten().tolist():
        x, y = pose[joint].tolist()
        expected = f"joints inside the picture of {size[1]}x{size[0]}"
        yield f"joint {joint + 1} at ({x:.5g}, {y:.5g})", expected, "mend the joint, or mark it as not annotated"
    square = PersonCrop().square(size, truth)
    if square.told != "person" or not bool(seen.any()):
        return
    middle = pose.new_tensor([square.x, square.y])
    shown = float(((pose[seen] - middle).abs().amax(1) <= square.side / 2).float().mean())
    if shown < _LEAST_SHOWN:
        found = f"{shown:.0%} of them in the square of {square.side:.4g} pixels around ({square.x:.4g}, {square.y:.4g})"
        yield found, "a person's joints in the square that centre and scale tell", "mend the centre or the scale"


def _seen(truth: Annotation) -> Tensor:
    """(K,) bool, which joints are annotated."""
    pose, visible = truth.get("pose"), truth.pose_visible
    return pose.new_ones(len(pose)).bool() if visible is None else visible > 0
