"""What all forms of MPII Human Pose share: sixteen joints, in pixels counted from 1."""

# The paper's head size: this share of the diagonal of the head's box.
HEAD_SHARE = 0.6
# The data name whole pixels, counted from 1, whose centres are at +.5 when counted from 0.
SHIFT = -0.5
