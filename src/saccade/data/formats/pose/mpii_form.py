"""What all forms of MPII Human Pose share: sixteen joints, in pixels counted from 1."""

_LEGS = ("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle")
_TRUNK = ("pelvis", "thorax", "upper_neck", "head_top")
_ARMS = ("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist")
NAMES = (*_LEGS, *_TRUNK, *_ARMS)
_LEG_BONES = ((0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5))
_ARM_BONES = ((10, 11), (11, 12), (12, 7), (7, 13), (13, 14), (14, 15))
BONES = (*_LEG_BONES, (6, 7), (7, 8), (8, 9), *_ARM_BONES)
# The paper's head size: this share of the diagonal of the head's box.
HEAD_SHARE = 0.6
# The data name whole pixels, counted from 1, whose centres are at +.5 when counted from 0.
SHIFT = -0.5
