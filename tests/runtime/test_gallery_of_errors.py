"""The report's pictures of a detector: from the best threshold on, counted by kind of error, in its colours."""

from types import SimpleNamespace

import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.metrics.evaluation import Judged, ObjectErrors
from saccade.runtime.reporting import Gallery
from saccade.view.error_kinds import ERROR_KINDS

GIVES = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
A, B, AWAY = [10.0, 40, 100, 130], [150.0, 40, 240, 130], [150.0, 190, 240, 280]


class OnePicture:
    """A data set of one picture with two objects."""

    vocabularies, joints = Vocabularies.of(("cell",)), None

    def __len__(self):
        return 1

    def id(self, index):
        return "a.png"

    def __getitem__(self, index):
        truth = Instances(boxes=torch.tensor([A, B]), labels=torch.zeros(2, dtype=torch.int64))
        return Sample(torch.full((3, 320, 320), 255, dtype=torch.uint8), Annotation(instances=truth), "a.png")


class Answers:
    """A predictor that has one answer."""

    system = SimpleNamespace(gives=GIVES)

    def __call__(self, images):
        boxes, labels = torch.tensor([A, AWAY, B]), torch.zeros(3, dtype=torch.int64)
        return [Annotation(instances=Instances(boxes=boxes, labels=labels, scores=torch.tensor([0.9, 0.8, 0.3])))]


def shown(errors):
    return Gallery(Answers(), OnePicture(), errors).show([Judged("a.png", 0.5)])[0]


def test_boxes_are_counted_and_coloured_by_what_became_of_them():
    exhibit = shown(ObjectErrors((), 0.4, torch.zeros(2, 2)))
    assert exhibit.caption == "a.png\n1 right · 1 background · 1 missed"
    corners = {"right": (99, 129), "background": (239, 279), "missed": (239, 129)}
    for kind, picture in (("right", exhibit.guess), ("background", exhibit.guess), ("missed", exhibit.truth)):
        assert picture.getpixel(corners[kind]) == ERROR_KINDS[kind].colour
    assert exhibit.guess.getpixel(corners["missed"]) == (255, 255, 255)


def test_without_a_threshold_guesses_from_one_half_on_are_shown_and_others_keep_their_classes_colours():
    assert shown(ObjectErrors((), None, torch.zeros(2, 2))).caption == "a.png\n1 right · 1 background · 1 missed"
    assert shown(None).caption == "a.png"
