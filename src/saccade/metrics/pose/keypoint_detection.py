"""Joints of every object, by COCO's rules: average precision where similarity of joints stands for overlap.

Legend: N pictures, C classes, K joints.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from saccade.core.annotation import Annotation, Instances
from saccade.core.joint_names import sigmas_by_name
from saccade.metrics.detect.coco_scores import Tables, summary, tables_of, uncollected
from saccade.metrics.detect.detection import severity
from saccade.metrics.detect.matches import Matches, coco_matches
from saccade.metrics.detect.overlaps import Overlaps
from saccade.metrics.detect.picture_counts import picture_columns
from saccade.metrics.detect.ranked import pooled
from saccade.metrics.detect.resampled import ap_resampling
from saccade.metrics.headline import Headline
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.pose.keypoint_painter import KeypointPainter
from saccade.metrics.pose.keypoint_rows import KeypointPicture, as_results, as_truth, joined, keypoint_picture
from saccade.metrics.pose.keypoint_sections import by_class, by_joint, by_similarity
from saccade.metrics.pose.schema import numbered
from saccade.metrics.pose.within import Floats
from saccade.metrics.sections import Section, as_threshold

State = tuple[list[str], list[KeypointPicture]]
BEFORE = "keypoint_"
_ALIKE = 0.5


class KeypointDetection:
    """Scores ``keypoint_AP`` … as COCO's evaluation of keypoints gives them, and ``oks_AP``, which is ``keypoint_AP``.

    Objects without an annotated joint, and crowds, count neither way; of predictions the 20 best of each class and
    picture count, whose recall is ``keypoint_AR100``. Constants of similarity are those that the data tell. Where they
    tell none, COCO's belong to its 17 joints, and a joint of another name has .1.

    Args:
        classes: C names.
        joints: K names.
        sigmas: K constants as the data tell them, or empty.
    """

    needs = frozenset(f"instances.{name}" for name in ("boxes", "labels", "keypoints", "visible"))
    reads = frozenset(f"instances.{name}" for name in ("boxes", "labels", "scores", "keypoints"))
    nearness = "F1 of the predictions that score .5 or more, and whose joints are similar to an object's by .5 or more"

    def __init__(self, classes: Sequence[str], joints: Sequence[str], sigmas: Sequence[float] = ()) -> None:
        self.classes, self.joints, self.sigmas = tuple(classes), tuple(joints), tuple(sigmas)
        self._ids: list[str] = []
        self._pictures: list[KeypointPicture] = []
        self._known: _Found | None = None

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is 1 - F1 of the predictions that score at least .5, at a similarity of .5."""
        given, shown = prediction.instances or Instances(), truth.instances or Instances()
        count = 0 if shown.keypoints is None else shown.keypoints.shape[1]
        one = keypoint_picture(given, shown, self._constants(count), truth.sought)
        self._ids.append(id)
        self._pictures.append(one)
        self._known = None
        return severity(one.columns)

    def result(self) -> dict[str, float | None]:
        """The scores; None where undefined."""
        scores = {BEFORE + name: value for name, value in summary(self._found().tables).items()}
        return {**scores, "oks_AP": scores["keypoint_AP"]}

    def sections(self) -> tuple[Section, ...]:
        """Average precision of each class, over the similarity that is right, and how similar each joint is."""
        found = self._found()
        names = numbered(self.joints, len(found.sigmas))
        similarity = Section("Joints of objects", (by_joint(names, found.sigmas, *found.moves),))
        return (by_class(self.classes, found.tables), similarity, by_similarity(self.classes, found.tables))

    def headline(self) -> Headline:
        """``keypoint_AP50`` and ``keypoint_AP``."""
        found = self._found()
        resampling = ap_resampling(found.of, found.matches, len(self._pictures), len(self.classes))
        return Headline(("keypoint_AP50", "keypoint_AP"), resampling=resampling)

    def by_picture(self) -> PictureScores:
        """What is matched, missed and false in each picture, from the threshold of the greatest F1 on."""
        found = self._found()
        columns = picture_columns(found.of, len(self._pictures), found.cut, _ALIKE)
        told = f"Joints of objects that score at least {as_threshold(found.cut)}: matched by a similarity ≥ .5."
        return PictureScores(tuple(self._ids), {BEFORE + name: values for name, values in columns.items()}, told)

    def illustrator(self) -> KeypointPainter:
        """Skeletons, from the threshold of the greatest F1 on."""
        found = self._found()
        return KeypointPainter(found.cut, tuple(found.sigmas.tolist()))

    def state(self) -> State:
        """Names, predictions and objects of each picture."""
        return self._ids, self._pictures

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pictures of other processes."""
        for ids, pictures in states:
            self._ids.extend(ids)
            self._pictures.extend(pictures)
        self._known = None

    def _found(self) -> "_Found":
        if self._known is None:
            count = max((one.truth.shape[1] for one in self._pictures), default=0)
            self._known = _Found(tuple(self._pictures), self.classes, self._constants(count))
        return self._known

    def _constants(self, count: int) -> Floats:
        """Those of so many joints; of pictures none of which tells of joints there are as many as have names."""
        return np.array(self.sigmas or sigmas_by_name(numbered(self.joints, count)))


@dataclass(frozen=True)
class _Found:
    """All that is known of some pictures; each part is worked out once, when it is asked for."""

    pictures: tuple[KeypointPicture, ...]
    classes: tuple[str, ...]
    sigmas: Floats

    @cached_property
    def tables(self) -> Tables:
        """COCO's tables."""
        with uncollected():
            truth, results = as_truth(self.pictures, self.classes), as_results(self.pictures)
            return tables_of(truth, results, "keypoints", self.sigmas.tolist())

    @cached_property
    def joined(self) -> tuple[Overlaps, Floats, Floats, NDArray[np.int64]]:
        """The pictures as columns."""
        return joined(self.pictures, len(self.sigmas))

    @property
    def of(self) -> Overlaps:
        """Predictions and objects of all pictures."""
        return self.joined[0]

    @cached_property
    def matches(self) -> Matches:
        """Which predictions are right from a similarity of .5 on."""
        return coco_matches(self.of, _ALIKE)

    @property
    def cut(self) -> float:
        """The score from which on predictions are shown: that of the greatest F1 over all classes."""
        best = pooled(self.matches.ranked(self.of, len(self.classes))).best_threshold()
        return 0.5 if best is None else best.score

    @property
    def moves(self) -> tuple[Floats, Floats]:
        """(q, K) pixels between joints of predictions and of the objects that they found, NaN where not annotated.

        And (q,) areas of these objects.
        """
        of, guess, truth, visible = self.joined
        right = np.flatnonzero(self.matches.taken >= 0)
        taken = self.matches.taken[right]
        far = np.hypot(*np.moveaxis(guess[right] - truth[taken], -1, 0))
        return np.where(visible[taken] > 0, far, np.nan), of.rows.area[taken]
