"""Skeletons of predictions and objects, with what was found counted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.detect.matches import coco_matches
from saccade.metrics.detect.overlaps import Overlaps
from saccade.metrics.illustration import Illustration, Key, Painted
from saccade.metrics.pose.keypoint_rows import keypoint_picture


@dataclass(frozen=True)
class KeypointPainter:
    """Draws pictures of objects with joints.

    Attributes:
        threshold: Predictions that score less are left out.
        sigmas: K constants of the similarity.
    """

    threshold: float
    sigmas: tuple[float, ...]

    @property
    def legend(self) -> Sequence[Key]:
        """None: colours are those of the classes."""
        return ()

    def illustrate(self, prediction: Annotation, truth: Annotation) -> Illustration | None:
        """The predictions that are kept, and the objects; None where either has no joints."""
        guess, shown = prediction.instances, truth.instances
        if guess is None or shown is None or guess.keypoints is None or shown.keypoints is None:
            return None
        if guess.scores is not None:
            guess = guess[guess.scores.double() >= self.threshold].sorted()
        counted = self._counted(guess, shown, truth)
        plain = replace(shown, masks=None, masked=None)
        return Illustration(
            Painted(replace(prediction, instances=guess)), Painted(replace(truth, instances=plain)), counted
        )

    def _counted(self, guess: Instances, shown: Instances, truth: Annotation) -> str:
        one = keypoint_picture(guess, shown, np.array(self.sigmas), truth.sought)
        matches = coco_matches(Overlaps.of([one.columns]))
        found, wanted = int(matches.found.sum()), int(matches.sought.sum())
        false = int((matches.counts & (matches.taken < 0)).sum())
        return f"{found} of {wanted} with like joints · {false} false"
