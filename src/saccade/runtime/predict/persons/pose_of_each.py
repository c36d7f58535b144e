"""The pose of each person of a picture, by a network that sees one: persons are found, each is seen in its square.

What is said of all of them becomes the objects of the picture: a box, a score and joints each.

Legend: n persons, K joints.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, SaccadeError
from saccade.core.threshold import UNMEASURED
from saccade.core.vocabulary import Vocabularies
from saccade.runtime.predict.engine import Engine
from saccade.runtime.predict.persons.finders import Finder
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.preprocess import PreparedPicture
from saccade.runtime.predict.views.batched_views import PictureResult
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip

GIVES = frozenset(f"instances.{name}" for name in ("boxes", "labels", "scores", "keypoints", "visible"))
SCORES = "instances.keypoint_scores"
# A joint of which the network does not say whether it is seen.
SEEN = 2


@dataclass(frozen=True)
class PoseOfEach:
    """A network of one person's pose, shown every person that is found.

    Attributes:
        pose: The network in use, in its own views of each person.
        finder: Says where persons are.
    """

    pose: Predictor
    finder: Finder

    @property
    def views(self) -> MultiScaleFlip:
        """The views of a whole picture in which persons are sought."""
        return self.finder.views

    @property
    def best_seen(self) -> float | None:
        """The best score of a person so far, of those too that a threshold left out."""
        return self.finder.best_seen

    def agreed(
        self, read: Sequence[PreparedPicture], threshold: float, batch: int, keep_scores: bool
    ) -> Iterator[tuple[PreparedPicture, PictureResult]]:
        """Pictures with their persons; the first error of a person is the picture's.

        Args:
            read: The pictures, as they were read for the finder.
            threshold: Persons that score less are left out.
            batch: Greatest number of persons that go through the network together.
            keep_scores: Without meaning here.
        """
        found = self.finder.found(read, threshold, batch)
        seen = [(item, row) for item in read for row in range(_count(found[item.place]))]
        crops = [self._crop(number, item, found[item.place], row) for number, (item, row) in enumerate(seen)]
        said = {crop.place: result for crop, result in self.pose.prediction([crops], batch=batch)}
        by_picture: dict[int, list[PictureResult]] = {item.place: [] for item in read}
        for number, (item, _) in enumerate(seen):
            by_picture[item.place].append(said[number])
        for item in read:
            yield item, self._together(found[item.place], by_picture[item.place])

    def _crop(self, number: int, item: PreparedPicture, rows: Instances | SaccadeError, row: int) -> PreparedPicture:
        """One person as a picture of its own: the views are made when they are shown, since many persons wait."""
        boxes = rows.boxes if isinstance(rows, Instances) else None
        person = Annotation(instances=Instances(boxes=None if boxes is None else boxes[[row]]))
        views = tuple(self.pose.views.of(item.size, self.pose.engine.input, person))
        return PreparedPicture(number, views, image=item.image, name=item.name)

    def _together(self, rows: Instances | SaccadeError, poses: Sequence[PictureResult]) -> PictureResult:
        """The persons of one picture, in its own pixels."""
        if isinstance(rows, SaccadeError):
            return rows
        error = next((one for one in poses if isinstance(one, SaccadeError)), None)
        if error is not None:
            return error
        joints = len(self.pose.engine.vocabularies.names("pose"))
        places = [one.pose for one in poses if isinstance(one, Annotation) and one.pose is not None]
        marks = [one.pose_visible for one in poses if isinstance(one, Annotation) and one.pose_visible is not None]
        keypoints = torch.stack(places) if places else torch.zeros(0, joints, 2)
        visible = torch.stack(marks) if marks else torch.full(keypoints.shape[:2], SEEN)
        told = replace(rows, keypoints=keypoints, visible=visible)
        if "pose_scores" not in self.pose.engine.gives:
            return Annotation(instances=told)
        sure = [one.pose_scores for one in poses if isinstance(one, Annotation) and one.pose_scores is not None]
        scores = torch.stack(sure) if sure else torch.zeros(keypoints.shape[:2])
        return Annotation(instances=replace(told, keypoint_scores=scores))


def pose_of_each(pose: Predictor, finder: Finder) -> Predictor:
    """A network of one person's pose in use on pictures of any number of persons.

    Args:
        pose: The network in use, in whatever views it takes persons.
        finder: Says where persons are.

    Returns:
        A predictor whose predictions are the persons of a picture: ``instances`` with boxes, scores, keypoints and
        visible, and keypoint_scores where the network tells them; a picture without a person has no row.

    Raises:
        ConfigError: The network does not see one person's square, or takes other channels than the finder.
    """
    engine = pose.engine
    if engine.input.person is None or "pose" not in engine.gives:
        raise ConfigError(
            "a network of one person's pose, which sees the square around a person",
            f"{engine.name}, whose pictures get in by the rule {engine.input.rule!r}",
            cure="leave the persons out",
        )
    other = finder.engine
    if other is not None and other.input.channels != engine.input.channels:
        found = f"{finder.name} of {other.input.channels}"
        raise ConfigError(f"a finder of persons in pictures of {engine.input.channels} channels", found)
    return Predictor(_face(pose, finder), members=PoseOfEach(pose, finder))


def _face(pose: Predictor, finder: Finder) -> Engine:
    """What is seen of both from outside: it takes pictures, not batches, and has no layers."""
    engine = pose.engine
    name = f"{engine.name} on persons of {finder.name}"

    def refuse(_: Any) -> NoReturn:
        raise ConfigError("pictures", "a batch of one network's pictures", within=name, cure="call the predictor")

    def digest() -> str:
        told = [engine.digest(), engine.input.as_dict(), str(engine.dtype), pose.views.plain_values(), finder.digest()]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    names = {"instances": (finder.person,), "joints": engine.vocabularies.names("pose")}
    return replace(
        engine,
        name=name,
        input=engine.input if finder.engine is None else finder.engine.input,
        gives=GIVES | ({SCORES} if "pose_scores" in engine.gives else frozenset()),
        vocabularies=Vocabularies.of({key: found for key, found in names.items() if found}),
        forward=refuse,
        decode=refuse,
        digest=digest,
        suppression=None,
        search=None if finder.engine is None else finder.engine.search,
        refine=None,
        layers=None,
        drawn_from=UNMEASURED if finder.engine is None else finder.engine.drawn_from,
    )


def _count(rows: Instances | SaccadeError) -> int:
    return len(rows) if isinstance(rows, Instances) else 0
