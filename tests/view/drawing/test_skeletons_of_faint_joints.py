"""Joints of which a network is hardly sure are not drawn: where nobody stands there is no skeleton."""

import numpy as np
import torch

from saccade.core.annotation import Annotation
from saccade.view.drawing.draw import draw

PLAIN = torch.full((3, 400, 400), 128, dtype=torch.uint8)
POSE = torch.tensor([[100.0, 100.0], [300.0, 300.0]])


def _drawn(scores: list[float] | None) -> np.ndarray:
    told = None if scores is None else torch.tensor(scores)
    shown = Annotation(pose=POSE, pose_visible=torch.tensor([2, 2]), pose_scores=told)
    return np.array(draw(PLAIN, shown, {"joints": ["head", "foot"]}))


def test_faint_joints_are_left_out() -> None:
    bare = np.array(draw(PLAIN, Annotation(), {"joints": ["head", "foot"]}))
    both, first, none = _drawn(None), _drawn([0.9, 0.1]), _drawn([0.1, 0.2])
    assert (none == bare).all()
    assert (first[80:120, 80:120] != bare[80:120, 80:120]).any()
    assert (first[280:320, 280:320] == bare[280:320, 280:320]).all()
    assert (both[280:320, 280:320] != bare[280:320, 280:320]).any()
