"""Poses that deserve a look: joints outside the picture, a square that misses its person; and persons are counted."""

from typing import Any

import torch

from saccade.core.annotation import Annotation, Person
from saccade.data.check.check import check_data
from written import MARKS, listing


def posed(joints: Any, visible: Any = (2, 2, 2), centre: Any = (15.0, 9.0), scale: float = 0.08) -> Annotation:
    person = Person(centre=torch.tensor(centre), scale=torch.tensor(scale))
    return Annotation(pose=torch.tensor(joints), pose_visible=torch.tensor(visible), person=person)


GOOD = [[12.0, 8], [15, 10], [20, 15]]


def checked(*truths: Annotation) -> Any:
    return check_data(listing(*truths, joints=MARKS), quick=True)


def test_good_poses_are_counted_and_told() -> None:
    found = checked(posed(GOOD), posed(GOOD, (2, 0, 1)), posed(GOOD, (2, 0, 0)), posed(GOOD, (0, 0, 0)))
    assert found.defects == []
    assert "train: poses of 4 persons in 4 pictures" in found.notes
    assert "train: 1 of them have no annotated joint, and teach nothing" in found.notes
    assert "train: joints that fewer than half of the persons have: left_ear 1" in found.notes


def test_joints_outside_the_picture_are_defects_where_they_are_annotated() -> None:
    outside = [[12.0, 8], [35, 10], [20, 15]]
    (defect,) = checked(posed(GOOD), posed(outside), posed(outside, (2, 0, 2))).defects
    assert (defect.picture, defect.found) == ("1", "joint 2 at (35, 10)")
    assert "30x20" in defect.expected
    assert checked(posed([[30.9, 20.9], [15, 10], [20, 15]])).defects == []


def test_a_square_that_misses_its_person_is_a_defect() -> None:
    (defect,) = checked(posed(GOOD, centre=(100.0, 90.0))).defects
    assert defect.found.startswith("0% of them in the square of 20 pixels around (100")
    assert "scale" in defect.cure


def test_data_without_poses_say_nothing_of_them() -> None:
    assert not any("poses" in note for note in checked(Annotation(label=torch.tensor(0))).notes)
