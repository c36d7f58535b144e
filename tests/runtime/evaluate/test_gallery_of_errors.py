"""The report's pictures of a detector: from the best threshold on, counted by kind of error, in its colours."""

from dataclasses import replace
from types import SimpleNamespace

import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.metrics.detect.detection import Detection
from saccade.metrics.detect.errors.error_kinds import ERROR_KINDS
from saccade.metrics.detect.errors.error_painter import ErrorPainter
from saccade.metrics.evaluation import PictureSeverity
from saccade.runtime.evaluate.gallery import Gallery, asked
from saccade.runtime.predict.preprocess import Preprocessor
from saccade.view.drawing.palette import class_colour

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


class PredictedScores:
    """A predictor that has one prediction."""

    engine = SimpleNamespace(gives=GIVES)

    def __call__(self, images):
        boxes, labels = torch.tensor([A, AWAY, B]), torch.zeros(3, dtype=torch.int64)
        return [Annotation(instances=Instances(boxes=boxes, labels=labels, scores=torch.tensor([0.9, 0.8, 0.3])))]

    def preprocessor(self):
        return Preprocessor(InputSpec())

    def prediction(self, groups, batch):
        return ((item, self([item])[0]) for group in groups for item in group)


def shown(illustrator):
    return Gallery(PredictedScores(), OnePicture(), illustrator).show([PictureSeverity("a.png", 0.5)])[0]


def test_boxes_have_their_class_s_colour_and_wrong_ones_a_frame_of_what_became_of_them():
    gallery_item = shown(ErrorPainter(0.4))
    assert gallery_item.caption == "a.png\n1 right · 1 background · 1 missed"
    assert gallery_item.prediction.getpixel((99, 129)) == class_colour(0)
    assert gallery_item.truth.getpixel((99, 129)) == class_colour(0)
    inner = class_colour(0)  # within the frame of the error, in prediction and truth alike
    assert gallery_item.prediction.getpixel((200, 275)) == inner
    assert gallery_item.truth.getpixel((200, 125)) == inner
    corners = {"background": (239, 279), "missed": (239, 129)}
    for kind, picture in (
        ("background", gallery_item.prediction),
        ("missed", gallery_item.truth),
    ):
        assert picture.getpixel(corners[kind]) == ERROR_KINDS[kind].colour
    assert gallery_item.prediction.getpixel(corners["missed"]) == (255, 255, 255)


def test_without_a_threshold_guesses_from_one_half_on_are_shown_and_others_keep_their_classes_colours():
    assert Detection(("cell",)).illustrator() == ErrorPainter(0.5)
    assert Detection(("cell",), told_apart=False).illustrator() is None
    assert shown(None).caption == "a.png"


def test_a_picture_of_which_nothing_is_told_is_drawn_plainly():
    assert ErrorPainter(0.5).illustrate(Annotation(), Annotation()) is None


def test_the_truth_is_shown_as_far_as_the_system_speaks_of_it():
    truth = Annotation(
        label=torch.tensor(1),
        semantic=torch.zeros(2, 2),
        instances=Instances(boxes=torch.zeros(1, 4), crowd=torch.zeros(1)),
        sought=torch.ones(2),
        pose=torch.zeros(1, 2),
        pose_visible=torch.ones(1),
    )
    assert asked(truth, GIVES).present() == {"instances.boxes", "instances.crowd", "sought"}
    assert asked(truth, frozenset({"label", "label_scores", "pose"})).present() == {
        "label",
        "pose",
        "pose_visible",
        "sought",
    }
    assert asked(truth, frozenset({"labels", "semantic", "semantic_scores"})).present() == {"semantic", "sought"}


def test_what_was_not_sought_is_no_error():
    truth = replace(OnePicture()[0].truth, sought=torch.tensor([False]))
    told = ErrorPainter(0.4).illustrate(PredictedScores()([])[0], truth)
    assert told is not None
    assert told.caption == "2 ignored"
