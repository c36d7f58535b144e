"""A run's objects are drawn from the score on by which it was best in its last validation, else from a half on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

import saccade as sc
from blob_system import blob_system
from helpers import CLASSES, TinyDataset, tiny_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import DataError
from saccade.core.threshold import UNMEASURED, Threshold
from saccade.metrics.detect.detection import Detection
from saccade.metrics.evaluation import Evaluation
from saccade.metrics.evaluator import Evaluator
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.ensemble.members import ensemble
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.load import load
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.runs.threshold_of_run import keep_threshold, threshold_of
from small_runs import train


def evaluation(score: float | None) -> Evaluation:
    return Evaluation({}, pictures=9, threshold=None if score is None else Threshold(score, 0.8, 0.7, 0.9))


def rows(*scores: float) -> Annotation:
    boxes = torch.tensor([[10.0 * i, 0, 10 * i + 8, 8] for i in range(len(scores))])
    return Annotation(instances=Instances(boxes, torch.zeros(len(scores), dtype=torch.int64), torch.tensor(scores)))


def test_an_evaluation_knows_the_score_of_the_greatest_f1():
    # Three are right, from .3 on all; below stands one that is wrong: F1 is 1 at .3, and 6/7 with it.
    truth, found = rows(1, 1, 1), rows(0.9, 0.6, 0.3, 0.2)
    evaluator = Evaluator([Detection(["thing"])], ["thing"])
    evaluator.update(found, truth, "a")
    best = evaluator.result().threshold
    assert best is not None
    assert best == pytest.approx((0.3, 1, 1, 1))


def test_proposals_have_none():
    metric = Detection(["thing"], told_apart=False)
    metric.update(rows(0.9), rows(1), "a")
    assert metric.best_threshold() is None


def test_what_was_kept_is_read(tmp_path):
    folder = RunFolder(tmp_path)
    assert threshold_of(folder) == UNMEASURED
    keep_threshold(folder, evaluation(0.31))
    assert threshold_of(folder) == 0.31
    told = json.loads((tmp_path / "threshold.json").read_text())
    assert told == {"score": 0.31, "f1": 0.8, "precision": 0.7, "recall": 0.9, "pictures": 9}


@pytest.mark.parametrize("found", [None, evaluation(None)])
def test_one_of_an_earlier_end_goes_where_the_last_says_none(tmp_path, found):
    folder = RunFolder(tmp_path)
    keep_threshold(folder, evaluation(0.31))
    keep_threshold(folder, found)
    assert threshold_of(folder) == UNMEASURED


@pytest.mark.parametrize("text", ["[]", "{}", '{"score": "high"}', '{"score": 1.5}', '{"score": null}', "{"])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "threshold.json").write_text(text)
    with pytest.raises(DataError, match=r"threshold\.json"):
        threshold_of(RunFolder(tmp_path))


def test_a_training_keeps_what_its_last_evaluation_found_and_what_is_loaded_knows_it(tmp_path):
    data = TinyDataset(6)
    run = train(tmp_path / "run", steps=2, val=data)
    predictor, metric = load(run, tiny_system()), Detection(CLASSES)
    for place in range(len(data)):
        metric.update(predictor(data[place].image), data.truth(place), data.id(place))
    best = metric.best_threshold()
    assert best is not None
    assert predictor.engine.drawn_from == pytest.approx(best.score)
    assert json.loads((run.path / "threshold.json").read_text())["pictures"] == 6


def test_a_training_that_tells_no_objects_keeps_none(tmp_path):
    data = {"data": "scenes:count=4,size=32", "val": "scenes:count=2,size=32"}
    run = sc.train("lenet5", out=tmp_path / "run", steps=1, workers=0, device="cpu", **data)
    assert not (run.path / "threshold.json").exists()
    assert load(run).engine.drawn_from == UNMEASURED


def blobs(drawn_from: float) -> Predictor:
    """What finds white patches, those within a picture with a score of .6."""
    return Predictor(replace(engine_of(blob_system()), drawn_from=drawn_from))


@pytest.mark.parametrize(("drawn_from", "drawn"), [(0.5, 1), (0.6, 1), (0.7, 0)])
def test_files_are_drawn_from_it_on_and_their_findings_say_so(tmp_path, drawn_from, drawn):
    photo = white_patch(tmp_path / "a.png")
    found = predict_files(blobs(drawn_from), [photo], tmp_path / "out").findings
    assert (found.objects, found.drawn, found.drawn_from) == (1, drawn, drawn_from)
    (file,) = (tmp_path / "out" / "drawn").iterdir()
    colours = Image.open(file).convert("HSV").getchannel("S").getextrema()
    assert (colours[1] > 100) is bool(drawn)  # the picture itself has none


def white_patch(path: Path) -> Path:
    """A grey picture with a white square in it."""
    image = Image.new("RGB", (40, 40))
    image.paste((255, 255, 255), (10, 10, 20, 20))
    image.save(path)
    return path


def test_a_prediction_is_drawn_from_it_on(tmp_path):
    photo = white_patch(tmp_path / "a.png")
    shown, hidden = blobs(0.5)(photo), blobs(0.7)(photo)
    assert (shown.drawn_from, hidden.drawn_from) == (0.5, 0.7)
    assert shown.plot().tobytes() != hidden.plot().tobytes()
    assert hidden.plot().tobytes() != hidden.plot(threshold=0.1).tobytes()


def test_of_several_runs_nobody_has_measured_it():
    both = ensemble([blobs(0.3), blobs(0.3)], "max")
    assert both.engine.drawn_from == UNMEASURED
