"""What a data set says of its joints, and what their names tell beyond it."""

from collections.abc import Sequence

from saccade.core.dataset import Joints
from saccade.core.joint_names import mirrored_pairs

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

__all__ = ["COCO_NAMES", "COCO_SIGMAS", "joints", "mirrored_pairs"]


def joints(names: Sequence[str], bones: Sequence[tuple[int, int]] = ()) -> Joints:
    """Joints of these names; pairs follow from the names, and COCO's constants from COCO's 17 names."""
    sigmas = COCO_SIGMAS if tuple(names) == COCO_NAMES else ()
    return Joints(tuple(names), mirrored_pairs(names), tuple(bones), sigmas)
