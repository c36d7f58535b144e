"""The joints of the one person that a picture shows: PCKh, PCK, PCP.

Legend: N persons, K joints, S sticks, R resamples.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from saccade.core.annotation import Annotation
from saccade.metrics.headline import Counts, Headline, Resampling
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.pose.person_row import PersonRow, person_row, yardstick
from saccade.metrics.pose.schema import joint_rows, numbered, sticks
from saccade.metrics.pose.sections import PoseTables
from saccade.metrics.pose.within import Floats, mean_of, plain
from saccade.metrics.sections import Section

State = tuple[list[str], list[PersonRow]]
# Within this share of the head, and of a stick, a place is right.
OF_HEAD, OF_STICK = 0.5, 0.5


class Pose:
    """Scores ``pckh`` (half of the head's size), ``pck`` (.2 of the torso, or .1 of the person) and ``pcp`` (strict).

    Joints that are not annotated do not count, hidden ones do, and a joint of which nothing is said is wrong. Shares
    are of all joints of all persons together. Of MPII's joints pelvis and thorax do not count.

    Args:
        names: Names of the K joints, which say what torso and sticks are.
    """

    needs = frozenset({"pose", "pose_visible"})
    reads = frozenset({"pose"})
    nearness = "how near the joints are: 1 at their places, 0 from twice the distance on that is right"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.yard, self.sticks = yardstick(self.names), sticks(self.names)
        self._ids: list[str] = []
        self._persons: list[PersonRow] = []

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one person; badness is how far joints are from their places, up to twice what is right."""
        row = person_row(prediction, truth, self.yard, self.sticks)
        if row is None:
            return None
        self._ids.append(id)
        self._persons.append(row)
        reach = 2 * (row.length * self.yard.at if np.isnan(row.head) else row.head * OF_HEAD)
        known = row.far[~np.isnan(row.far)]
        return None if np.isnan(reach) else float(np.minimum(known / reach, 1).mean())

    def result(self) -> dict[str, float | None]:
        """The three scores; None where no head, torso or stick is annotated."""
        found = self._found()
        counts = {"pckh": found.heads, "pck": found.yards, "pcp": found.stick_counts}
        return {name: plain(float(mean_of(*both.sum(0)))) for name, both in counts.items()}

    def sections(self) -> tuple[Section, ...]:
        """Each joint, each stick, and how the shares grow with the distance that is right."""
        found = self._found()
        names = numbered(self.names, found.far.shape[1])
        return PoseTables(names, self.sticks, self.yard).sections(
            found.relative_to_head, found.relative_to_yard, found.sticks_off
        )

    def headline(self) -> Headline:
        """``pckh`` and ``pck`` where heads are measured, else ``pck`` and ``pcp``."""
        found = self._found()
        heads = bool(found.heads[:, 1].any())
        counted = found.heads if heads else found.yards

        def scores(counts: Counts) -> Floats:
            sums = counts @ counted
            return mean_of(sums[:, 0], sums[:, 1])

        names = ("pckh", "pck") if heads else ("pck", "pcp")
        return Headline(names, resampling=Resampling(len(counted), scores, work=counted.size))

    def by_picture(self) -> PictureScores:
        """``picture_pckh`` and ``picture_pck``, of the person's own joints, and how many are annotated."""
        found = self._found()
        named = {"picture_pckh": found.heads, "picture_pck": found.yards}
        shares = {name: [plain(float(value)) for value in mean_of(*both.T)] for name, both in named.items()}
        joints = [int((~np.isnan(row.far)).sum()) for row in self._persons]
        return PictureScores(tuple(self._ids), {**shares, "joints": joints})

    def state(self) -> State:
        """Names of the pictures, and the numbers of one person each."""
        return self._ids, self._persons

    def merge(self, states: Iterable[State]) -> None:
        """Adds the persons of other processes."""
        for ids, persons in states:
            self._ids.extend(ids)
            self._persons.extend(persons)

    def _found(self) -> "_Found":
        names = numbered(self.names, len(self._persons[0].far) if self._persons else 0)
        counted = sorted({place for places in joint_rows(names).values() for place in places})
        return _Found(self._persons, len(names), len(self.sticks), counted, self.yard.at)


class _Found:
    """The persons' numbers together; those of which nothing is known are NaN."""

    def __init__(self, persons: Sequence[PersonRow], joints: int, sticks: int, counted: list[int], at: float) -> None:
        self.counted, self.at = counted, at
        self.far = np.stack([row.far for row in persons]) if persons else np.zeros((0, joints))
        self.head, self.yard = (np.array([getattr(row, name) for row in persons]) for name in ("head", "length"))
        off = [row.ends / row.lengths for row in persons]
        self.sticks_off = np.stack(off) if off else np.zeros((0, 2, sticks))

    @cached_property
    def relative_to_head(self) -> Floats:
        """(N, K) distances over the head's size."""
        return self.far / self.head[:, None]

    @cached_property
    def relative_to_yard(self) -> Floats:
        """(N, K) distances over the yardstick."""
        return self.far / self.yard[:, None]

    @property
    def heads(self) -> Floats:
        """(N, 2) how many joints of each person are within half of the head's size, and of how many it is known."""
        return _counts(self.relative_to_head[:, self.counted], OF_HEAD)

    @property
    def yards(self) -> Floats:
        """(N, 2) the same by the yardstick."""
        return _counts(self.relative_to_yard[:, self.counted], self.at)

    @property
    def stick_counts(self) -> Floats:
        """(N, 2) how many sticks of each person have both ends right, and of how many it is known."""
        return _counts(self.sticks_off.max(1), OF_STICK)


def _counts(relative: Floats, at: float) -> Floats:
    return np.stack([(relative <= at).sum(1), (~np.isnan(relative)).sum(1)], 1).astype(np.float64)
