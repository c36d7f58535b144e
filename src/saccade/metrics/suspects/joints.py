"""Joints that a network places elsewhere.

Legend: K joints.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from saccade.core.annotation import Annotation
from saccade.metrics.suspects.arrays import Floats
from saccade.metrics.suspects.suspect import Suspect

# The share of a joint's distances that is taken as usual, and how many times that is suspicious in full.
USUAL, FULL = 0.75, 6.0


class JointSuspects:
    """Joints of the one person: suspicious from what three in four pictures keep to on, in full at six times that.

    Distances are held against the diagonal of the person's annotated joints.

    Args:
        names: K names.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._pictures: list[int] = []
        self._far: list[Floats] = []
        self._at: list[Floats] = []

    def add(self, picture: int, prediction: Annotation, truth: Annotation) -> None:
        """Measure how far each joint is from where the network has it."""
        if prediction.pose is None or truth.pose is None:
            return
        place, said = (pose.double().numpy() for pose in (truth.pose, prediction.pose))
        known = np.ones(len(place), np.bool_) if truth.pose_visible is None else truth.pose_visible.numpy() > 0
        if known.sum() < 2:
            return
        reach = max(float(np.hypot(*np.ptp(place[known], axis=0))), 1e-6)
        self._pictures.append(picture)
        self._far.append(np.where(known, np.hypot(*(place - said).T) / reach, np.nan))
        self._at.append(np.concatenate([place, said], 1))

    def suspects(self) -> Iterator[Suspect]:
        """One a joint that is annotated."""
        if not self._far:
            return
        far = np.stack(self._far)
        for joint in np.flatnonzero((~np.isnan(far)).any(0)).tolist():
            usual = max(float(np.nanquantile(far[:, joint], USUAL)), 1e-6)
            name = self.names[joint] if joint < len(self.names) else f"joint {joint + 1}"
            for picture, value, at in zip(self._pictures, far[:, joint], self._at, strict=True):
                if not np.isnan(value):
                    x, y, other_x, other_y = at[joint].tolist()
                    suspicion = min(max((float(value) / usual - 1) / (FULL - 1), 0.0), 1.0)
                    found, expected = f"{name} at {x:.0f}, {y:.0f}", f"at {other_x:.0f}, {other_y:.0f}"
                    box = (min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))
                    yield Suspect(picture, "joint", suspicion, found, expected, None, box)
