"""A prediction is an annotation that knows its picture and its classes: it can be drawn, written and told."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import CLASSES, picture, save_picture, tiny_system
from pixel_systems import pixel_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import DataError, UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.given import GivenPicture
from saccade.runtime.predict.prediction import Prediction
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.wording import in_words
from saccade.view.drawing.draw import draw

NAMES = Vocabularies({"instances": ("cat", "dog"), "semantic": ("road", "car", "sky", "tree")})
WHITE = torch.full((3, 400, 500), 255, dtype=torch.uint8)


def told(**fields: object) -> str:
    return in_words(Annotation(**fields), NAMES)


def of(found: Annotation, given: object = WHITE, threshold: float = 0.0) -> Prediction:
    return Prediction.of(found, GivenPicture.of(given, 3), (400, 500), NAMES, threshold)


def rows(*scores: float) -> Instances:
    boxes = torch.tensor([[50.0 * i + 10, 20, 50 * i + 40, 60] for i in range(len(scores))]).reshape(-1, 4)
    return Instances(boxes=boxes, labels=torch.arange(len(scores)) % 2, scores=torch.tensor(scores))


def test_it_is_an_annotation_wherever_one_is_wanted():
    found = Predictor(tiny_system())(picture(0), threshold=0.1)
    plain = Annotation(label=found.label, label_scores=found.label_scores, instances=found.instances)
    assert isinstance(found, Annotation)
    assert found.present() == plain.present()
    assert (found.classes, found.size, found.threshold) == (CLASSES, (10, 12), 0.1)
    moved = found.map(lambda tensor: tensor * 2)
    assert torch.equal(moved.label_scores, found.label_scores * 2)
    assert moved.vocabularies is found.vocabularies
    assert moved.picture is found.picture
    fewer = replace(found, instances=found.instances[:1])
    assert len(fewer.instances) == 1
    assert fewer.classes == CLASSES
    added = Annotation(pose=torch.zeros(2, 2)).merge(found)
    assert added.present() == found.present() | {"pose"}
    assert not isinstance(added, Prediction)


def test_a_stream_gives_predictions_too(tmp_path):
    save_picture(tmp_path / "a.png", 1)
    found = dict(Predictor(tiny_system()).stream([tmp_path / "a.png", "absent.png"]))
    assert found[0].picture.name == str(tmp_path / "a.png")
    assert isinstance(found[1], DataError)


def test_it_holds_the_picture_as_it_was_given_and_no_pixels_of_its_own(tmp_path):
    save_picture(tmp_path / "a.png", 1)
    image, data = picture(1), (tmp_path / "a.png").read_bytes()
    opened = Image.open(io.BytesIO(data))
    found = Predictor(tiny_system())([image, data, opened, tmp_path / "a.png"])
    assert [one.picture.source for one in found][1:] == [data, opened, tmp_path / "a.png"]
    assert found[0].picture.source is image
    drawings = [np.asarray(one.plot()) for one in found]
    assert all(np.array_equal(drawing, drawings[0]) for drawing in drawings)
    (tmp_path / "a.png").unlink()
    with pytest.raises(DataError, match=r"a\.png"):
        found[3].plot()


def test_it_is_drawn_as_the_command_draws_it():
    many = Annotation(instances=rows(0.9, 0.4, 0.2))
    drawn = {name: draw(WHITE, many, NAMES, threshold=least) for name, least in {"half": 0.5, "all": None}.items()}
    assert np.array_equal(of(many).plot(), drawn["half"])
    assert np.array_equal(of(many, threshold=0.1).plot(), drawn["all"])
    assert np.array_equal(of(many).plot(threshold=0), drawn["all"])
    assert not np.array_equal(drawn["half"], drawn["all"])
    assert not np.array_equal(of(many).plot(threshold=0.3), drawn["all"])


def test_a_network_for_grey_is_drawn_on_colours():
    red = np.zeros((400, 500, 3), np.uint8)
    red[..., 0] = 200
    file = io.BytesIO()
    Image.fromarray(red).save(file, "PNG")
    for given in (file.getvalue(), Image.fromarray(red), red):
        found = Prediction.of(Annotation(), GivenPicture.of(given, 1), (400, 500), NAMES)
        assert found.plot().getpixel((250, 200)) == (200, 0, 0)


@pytest.mark.parametrize(("suffix", "kind"), [("png", "PNG"), ("JPG", "JPEG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_it_is_written_in_the_format_of_the_name(suffix, kind, tmp_path):
    file = tmp_path / "deep" / f"drawn.{suffix}"
    of(Annotation(instances=rows(0.9))).save(file)
    with Image.open(file) as written:
        assert (written.format, written.size) == (kind, (500, 400))


def test_an_unknown_format_is_refused(tmp_path):
    for name in ("drawn.xyz", "drawn"):
        with pytest.raises(UsageError, match=r"\.png"):
            of(Annotation()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_a_camera_wrote_is_not_written_again(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    file = io.BytesIO()
    Image.fromarray(np.zeros((400, 500, 3), np.uint8)).save(file, "JPEG", exif=exif)
    of(Annotation(), file.getvalue()).save(tmp_path / "a.jpg")
    assert b"secret" in file.getvalue()
    assert b"secret" not in (tmp_path / "a.jpg").read_bytes()


def test_it_is_told_in_a_line(tmp_path):
    save_picture(tmp_path / "street.png", 0)
    found = Predictor(tiny_system())(tmp_path / "street.png")
    assert repr(found).startswith("Prediction of street.png, 12x10: ")
    assert "; 2 objects: " in repr(found)
    assert repr(of(Annotation(), np.zeros((400, 500, 3), np.uint8))) == "Prediction of an array, 500x400: nothing"
    assert repr(of(Annotation())).startswith("Prediction of a tensor, ")
    assert repr(of(Annotation(), b"")).startswith("Prediction of bytes, ")
    assert repr(of(Annotation(), Image.new("RGB", (2, 2)))).startswith("Prediction of a Pillow picture, ")


def test_objects_and_classes_in_words():
    assert told(instances=rows(0.91, 0.55, 0.3, 0.2)) == "4 objects: cat .91, dog .55, cat .30, …"
    assert told(instances=rows(0.9, *[0.1] * 6)) == "7 objects, 1 from .50 on: cat .90, dog .10, cat .10, …"
    assert told(instances=rows(*[0.9] * 6)) == "6 objects: cat .90, dog .90, cat .90, …"
    assert told(instances=rows(1.0)) == "1 object: cat 1.00"
    assert told(instances=rows()) == "no object"
    assert told(instances=Instances(boxes=torch.zeros(2, 4))) == "2 objects"
    assert told(label=torch.tensor(1)) == "dog"
    assert told(label=torch.tensor(1), label_scores=torch.tensor([0.125, 0.875])) == "dog .88, cat .12"
    assert told(label=torch.tensor(0), label_scores=torch.tensor([-0.25, -1.5])) == "cat -.25, dog -1.50"
    assert told(labels=torch.tensor([1, 0]), label_scores=torch.tensor([0.75, 0.1])) == "cat .75"
    assert told(labels=torch.tensor([0, 0]), label_scores=torch.tensor([0.2, 0.1])) == "none of its classes"
    assert told(labels=torch.tensor([1, 1])) == "cat, dog"


def test_pixels_joints_and_many_fields_in_words():
    semantic = torch.tensor([[0, 0, 0, 0, 0], [1, 1, 1, 2, 255], [2, 3, 255, 255, 255]])
    assert told(semantic=semantic) == "road 45%, car 27%, sky 18%, …"
    assert told(semantic=torch.full((2, 2), 255)) == "nothing"
    assert told(contours=torch.zeros(1, 2, 2)) == "contours"
    assert told(pose=torch.zeros(3, 2), pose_visible=torch.tensor([2, 0, 1])) == "2 of 3 joints"
    assert told(label=torch.tensor(0), instances=rows(0.5)) == "cat; 1 object: cat .50"


def test_pixels_are_told_with_their_names_in_files_and_in_a_line(tmp_path):
    image = torch.zeros(3, 4, 10, dtype=torch.uint8)
    image[0, :, :3], image[2, :, 3:] = 200, 200
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(tmp_path / "a.png")
    predictor = Predictor(pixel_system())
    assert repr(predictor(tmp_path / "a.png")) == "Prediction of a.png, 10x4: blue 70%, red 30%"
    outcome = predict_files(predictor, [tmp_path / "a.png"], tmp_path / "out")
    (entry,) = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert entry["semantic_classes"] == [
        {"label": 2, "class": "blue", "share": 0.7},
        {"label": 0, "class": "red", "share": 0.3},
    ]
    assert outcome.findings.pixels == {"blue": 0.7, "red": 0.3}
    assert outcome.findings.objects is None
    shown = np.asarray(Image.open(tmp_path / "out" / entry["semantic"]))
    assert {label: (shown == label).mean() for label in (0, 2)} == {0: 0.3, 2: 0.7}


def test_the_best_score_is_known_where_a_threshold_left_all_out(tmp_path):
    save_picture(tmp_path / "a.png", 1)
    predictor = Predictor(tiny_system())
    best = float(predictor(tmp_path / "a.png").instances.scores[0])
    fresh = Predictor(tiny_system())
    assert fresh.best_seen is None
    outcome = predict_files(fresh, [tmp_path / "a.png"], tmp_path / "out", PredictSettings(threshold=0.99))
    assert (outcome.findings.objects, outcome.findings.best) == (0, None)
    assert outcome.best_seen == pytest.approx(best)
    again = predict_files(fresh, [tmp_path / "a.png"], tmp_path / "out", PredictSettings(threshold=0.99))
    assert (again.kept, again.best_seen) == (1, pytest.approx(best))
