"""Every person of a picture with its pose: found by a run or told by a file, and measured as objects with joints."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dotted_persons import BOXES, DOTS, SIZE, coco_of, picture, save, truth, written
from pose_systems import DOTS as NAMES
from pose_systems import dot_system, finder_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.persons.samples import PersonSamples
from saccade.metrics.evaluation import PictureSeverity
from saccade.runtime.evaluate.evaluate import evaluate, opened
from saccade.runtime.evaluate.gallery import Gallery
from saccade.runtime.evaluate.predictions import predictions
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.predict.persons.boxes_file import BoxesFile
from saccade.runtime.predict.persons.finders import FoundByRun, FoundInFile, finder_of
from saccade.runtime.predict.persons.pose_of_each import GIVES, SCORES, pose_of_each
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build
from written import listing

WANTED = torch.tensor(DOTS, dtype=torch.float32)


def by_run(**options: Any) -> Predictor:
    return pose_of_each(Predictor(dot_system()), FoundByRun(Predictor(finder_system()), **options))


def by_file(path: Path, **options: Any) -> Predictor:
    return pose_of_each(Predictor(dot_system()), FoundInFile(BoxesFile(path, **options)))


def people(*counts: int) -> Any:
    data = listing(*(truth(count) for count in counts), size=SIZE, classes=("dog", "person"))
    data.fields = frozenset(f"instances.{name}" for name in truth().instances.columns())
    images = [picture(count) for count in counts]
    given = type(data).__getitem__
    kind = type("People", (type(data),), {"__getitem__": lambda s, n: replace(given(s, n), image=images[n])})
    data.__class__ = kind
    return data


def test_whole_picture_is_taken_for_its_person() -> None:
    alone = picture(1)
    found = Predictor(dot_system())(alone)
    assert found.instances is None
    torch.testing.assert_close(found.pose, WANTED[0], atol=1.5, rtol=0)


def test_each_person_that_a_run_finds_gets_its_pose() -> None:
    predictor = by_run()
    both, none, one = predictor([picture(2), picture(0), picture(1)])
    assert predictor.classes == ("person",)
    assert predictor.vocabularies == Vocabularies({"instances": ("person",), "joints": NAMES})
    torch.testing.assert_close(both.instances.boxes, torch.tensor(BOXES, dtype=torch.float32))
    torch.testing.assert_close(both.instances.keypoints, WANTED, atol=1.0, rtol=0)
    assert both.instances.visible.tolist() == [[2, 2], [2, 2]]
    assert both.instances.labels.tolist() == [0, 0]
    assert both.instances.scores.tolist() == pytest.approx([0.9, 0.6])
    assert {f"instances.{name}" for name in both.instances.columns()} == GIVES
    assert none.instances.keypoints.shape == (0, 2, 2)
    assert none.instances.visible.shape == (0, 2)
    assert len(one.instances) == 1


def test_scores_of_joints_are_those_of_each_person() -> None:
    torch.manual_seed(0)
    pose = Predictor(build("hourglass", {"joints": NAMES}, stacks=1, width=1 / 16, size=64).eval())
    predictor = pose_of_each(pose, FoundByRun(Predictor(finder_system())))
    found, none = predictor([picture(2), picture(0)])
    assert {f"instances.{name}" for name in found.instances.columns()} == predictor.engine.gives == GIVES | {SCORES}
    for row in range(2):
        alone = Annotation(instances=Instances(boxes=found.instances.boxes[[row]]))
        batch = pose.system.batch([picture(2)], [alone])
        told = pose.predictions(batch)[0]
        torch.testing.assert_close(found.instances.keypoint_scores[row], told.pose_scores)
    assert none.instances.keypoint_scores.shape == (0, 2)


def test_company_and_batches_change_no_person() -> None:
    alone = by_run()(picture(2))
    together = by_run()([picture(2), picture(1), picture(2)], batch=1)[2]
    torch.testing.assert_close(alone.instances.keypoints, together.instances.keypoints, atol=1e-4, rtol=0)


def test_persons_below_the_threshold_are_left_out() -> None:
    predictor = by_run()
    assert len(predictor(picture(2), threshold=0.7).instances) == 1
    assert predictor.best_seen == pytest.approx(0.9)


@pytest.mark.parametrize("form", ["coco", "predictions"])
def test_persons_of_a_file(tmp_path: Path, form: str) -> None:
    if form == "coco":
        file = written(tmp_path / "boxes.json", coco_of(2, 0))
    else:
        outcome = predict_files(
            Predictor(finder_system()), [save(tmp_path / "0.png"), save(tmp_path / "1.png", 0)], tmp_path / "out"
        )
        file = outcome.out / "predictions.json"
    save(tmp_path / "0.png")
    save(tmp_path / "1.png", 0)
    both, none = by_file(file)([tmp_path / "0.png", tmp_path / "1.png"])
    torch.testing.assert_close(both.instances.keypoints, WANTED, atol=1.0, rtol=0)
    assert len(none.instances) == 0
    assert len(by_file(file)(tmp_path / "0.png", threshold=0.7).instances) == 1


def test_files_are_predicted_and_drawn_and_go_on_with_the_same_persons_alone(tmp_path: Path) -> None:
    file = written(tmp_path / "boxes.json", coco_of(2, 0))
    pictures = [save(tmp_path / "in/0.png"), save(tmp_path / "in/1.png", 0), save(tmp_path / "in/absent.png", 1)]
    outcome = predict_files(by_file(file), pictures, tmp_path / "out")
    first, second = json.loads((tmp_path / "out/predictions.json").read_text())
    assert first["instances"]["classes"] == ["person", "person"]
    torch.testing.assert_close(torch.tensor(first["instances"]["keypoints"]), WANTED, atol=1.0, rtol=0)
    assert second["instances"]["boxes"] == []
    assert outcome.findings.objects == 2
    assert (tmp_path / "out/drawn/0.png").is_file()
    (error,) = outcome.failed.values()
    assert "absent.png" in error.what
    assert "boxes of persons" in error.what
    other = written(tmp_path / "other.json", coco_of(1, 0))
    with pytest.raises(ConfigError):
        predict_files(by_file(other), pictures, tmp_path / "out")


def test_scores_are_of_all_persons_of_pictures() -> None:
    data = people(2, 0, 1)
    found = evaluate(by_run(), data)
    assert found["AP50"] == pytest.approx(1.0)
    assert "loss" not in found
    _, samples = opened(dot_system(), data)
    assert isinstance(samples, PersonSamples)
    _, whole = opened(by_run(), data)
    assert whole.classes == ("person",)
    assert len(whole) == 3


def test_a_report_draws_persons_of_a_file_and_poses_in_their_squares(tmp_path: Path) -> None:
    data = people(2, 0)
    data.ids = ["0.png", "1.png"]
    evaluate(by_file(written(tmp_path / "boxes.json", coco_of(2, 0))), data, out=tmp_path / "persons")
    assert (tmp_path / "persons/report.html").is_file()
    gallery = Gallery(Predictor(dot_system()), PersonSamples(data))
    (item,) = gallery.show([PictureSeverity("0.png#1", 0.5)])
    # The second person's joints are drawn on that person, not where the whole picture would have them.
    changed = np.abs(np.asarray(item.prediction, np.int16) - np.asarray(item.truth, np.int16)).sum(2) > 90
    assert changed.mean() < 0.01


def test_a_pose_is_measured_in_the_square_that_the_truth_tells() -> None:
    data = PersonSamples(people(2))
    plain = list(predictions(Predictor(dot_system()), data, 4, [0, 1]))
    for said, wanted in zip(plain, WANTED, strict=True):
        torch.testing.assert_close(said.pose, wanted, atol=1.0, rtol=0)


def test_persons_may_be_called_otherwise(tmp_path: Path) -> None:
    finder = Predictor(finder_system(("cat", "worker")))
    with pytest.raises(ConfigError, match="person-class"):
        FoundByRun(finder)
    named = FoundByRun(finder, "worker")
    assert pose_of_each(Predictor(dot_system()), named).classes == ("worker",)
    with pytest.raises(ConfigError, match="'chef'"):
        FoundByRun(finder, "chef")
    content = coco_of(1)
    content["categories"][1]["name"] = "worker"
    file = written(tmp_path / "boxes.json", content)
    with pytest.raises(ConfigError, match="dog, worker"):
        BoxesFile(file)
    assert len(BoxesFile(file, "worker").of("0.png", SIZE)) == 1
    content["categories"] = [{"id": 3, "name": "Person"}, {"id": 7, "name": "dog"}]
    assert BoxesFile(written(file, content)).person == "Person"


def test_what_finds_no_persons_and_what_sees_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="boxes of persons"):
        FoundByRun(Predictor(dot_system()))
    with pytest.raises(ConfigError, match="one person's pose"):
        pose_of_each(Predictor(finder_system()), FoundByRun(Predictor(finder_system())))
    plain = Predictor(dot_system().with_input(InputSpec.stretch(64)))
    with pytest.raises(ConfigError, match="stretch"):
        pose_of_each(plain, FoundByRun(Predictor(finder_system())))
    with pytest.raises(UsageError, match="whole"):
        finder_of(str(tmp_path / "nowhere"), None, lambda _: by_run())
    with pytest.raises(UsageError, match="alone"):
        finder_of("whole", "person", lambda _: by_run())
    assert finder_of("whole", None, lambda _: by_run()) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"images": []}, "predictions.json of a detector"),
        ([{"image_id": 1, "bbox": [0, 0, 1, 1]}], "names of pictures"),
        ([{"file": "a.png", "label": 1}], "instances"),
        ([{"file": "a.png", "instances": {"boxes": [[0, 1, 2]]}}], "4 numbers"),
        ([{"file": "a.png", "instances": {"boxes": [[0, 1, 2, 3]], "scores": []}}], "1 values"),
        ("text", "predictions.json of a detector"),
        ({**coco_of(1), "annotations": [{"image_id": 9, "category_id": 7, "bbox": [0, 0, 1, 1]}]}, "image_id"),
        ({**coco_of(1), "annotations": [3]}, "describes a box"),
    ],
)
def test_files_of_other_forms_are_refused(tmp_path: Path, value: Any, expected: str) -> None:
    with pytest.raises(DataError) as caught:
        BoxesFile(written(tmp_path / "boxes.json", value))
    assert expected in f"{caught.value} {caught.value.cure}"


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([10, 10, 10, 30], "a box of some area"),
        ([30, 10, 10, 30], "a box of some area"),
        ([SIZE[1], 0, SIZE[1] + 9, 9], f"a box inside the picture of {SIZE[1]}x{SIZE[0]}"),
        ([-9, 0, 0, 9], f"a box inside the picture of {SIZE[1]}x{SIZE[0]}"),
    ],
)
def test_boxes_that_hold_nothing_of_the_picture_are_refused_with_their_place(
    tmp_path: Path, box: list[float], expected: str
) -> None:
    rows = {"boxes": [[-5, 0, 20, 20], box], "classes": ["person", "person"], "scores": [0.9, 0.4]}
    file = written(tmp_path / "boxes.json", [{"file": "0.png", "size": list(SIZE), "instances": rows}])
    x1, y1, x2, y2 = box
    coco = coco_of(1)
    row = {**coco["annotations"][0], "id": 70, "bbox": [x1, y1, x2 - x1, y2 - y1]}
    other = written(tmp_path / "coco.json", {**coco, "annotations": [*coco["annotations"], row]})
    for one, pointer, identifier in ((file, "/0/instances/boxes/1", None), (other, "/annotations/2/bbox", 70)):
        with pytest.raises(DataError) as caught:
            by_file(one)(save(tmp_path / "0.png"))
        error = caught.value
        assert (error.expected, error.path, error.pointer) == (expected, str(one), pointer)
        assert error.annotation_id == identifier
    assert len(by_file(file)(tmp_path / "0.png", threshold=0.5).instances) == 1  # What is not used is not judged.


def test_pictures_are_known_by_the_end_of_their_path(tmp_path: Path) -> None:
    rows = {"boxes": [[0, 1, 2, 3]]}
    entries = [{"file": f"{folder}/a.png", "instances": rows, "size": [4, 5]} for folder in ("x/one", "x/two")]
    file = BoxesFile(written(tmp_path / "boxes.json", entries))
    assert file.of("one/a.png", (4, 5)).scores.tolist() == [1]
    assert len(file.of("/data/x/two/a.png", (4, 5))) == 1
    with pytest.raises(DataError, match="2 of that name"):
        file.of("a.png", (4, 5))
    with pytest.raises(DataError, match="none"):
        file.of("three/a.png", (4, 5))
    with pytest.raises(DataError, match="5x4"):
        file.of("one/a.png", (9, 9))
    with pytest.raises(DataError, match="without"):
        file.of(None, (4, 5))
