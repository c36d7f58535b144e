"""What is told by the names of joints alone, however people spell left and right."""

import pytest

from saccade.core.joint_names import COCO_NAMES, MPII_NAMES, mirrored_pairs, usual_name


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("left_knee", "right_knee"),
        ("Left Ear", "Right Ear"),
        ("LEFT-HIP", "RIGHT-HIP"),
        ("kneeLeft", "kneeRight"),
        ("l_ear", "r_ear"),
        ("ear_l", "ear_r"),
        ("knee_L", "knee_R"),
        ("hand.L", "hand.R"),
        ("l.knee", "r.knee"),
        ("LKnee", "RKnee"),
        ("kneeL", "kneeR"),
        ("L", "R"),
        ("L1", "R1"),
        ("ball_l_tip", "ball_r_tip"),
    ],
)
def test_left_and_right_are_found(left: str, right: str) -> None:
    assert mirrored_pairs(["nose", right, left]) == ((2, 1),)


@pytest.mark.parametrize(
    "names", [("lower_back", "rower_back"), ("tail", "tair"), ("l_ear", "r_eye"), ("ball", "barl")]
)
def test_other_letters_are_no_sides(names: tuple[str, ...]) -> None:
    assert mirrored_pairs(names) == ()


def test_pairs_of_the_known_lists() -> None:
    assert mirrored_pairs(COCO_NAMES) == tuple((place, place + 1) for place in range(1, 17, 2))
    assert {frozenset(pair) for pair in mirrored_pairs(MPII_NAMES)} == {
        frozenset(pair) for pair in ((0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13))
    }


@pytest.mark.parametrize(
    "name", ["l knee", "L-Knee", "Left knee", "left_knee", "kneeL", "Knee.L", "LKnee", "knee_left", "leftKnee"]
)
def test_names_as_coco_writes_them(name: str) -> None:
    assert usual_name(name) == "left_knee"
    assert usual_name("upper neck") == usual_name("upper_neck") == usual_name("UpperNeck") == "upper_neck"
