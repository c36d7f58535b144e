"""Every picture is predicted once; a kill, a bad picture or a second call costs no more than it must."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import CLASSES, picture, save_picture, tiny_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, DataError, ResourceError
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.ops import rle
from saccade.runtime.files.inputs import find_pictures, unique_names
from saccade.runtime.files.journal import NAME
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.output import as_values, write_maps
from saccade.runtime.predict.predictor import Predictor
from saccade.view.drawing.draw import drawn_from

NATIVE = InputSpec("native", multiple=4)
NAMES = Vocabularies({"instances": CLASSES, "semantic": ("road", "car"), "contours": ("kerb", "edge")})


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "deeper").mkdir(parents=True)
    for i in range(6):
        save_picture(folder / f"{i}.png", i)
    save_picture(folder / "deeper" / "0.png", 7)
    return folder


@pytest.fixture
def predictor():
    return Predictor(tiny_system(input=NATIVE))


def read(out: Path) -> list[dict]:
    return json.loads((out / "predictions.json").read_text())


def size_of(path: str | Path) -> list[int]:
    with Image.open(path) as image:
        return [image.height, image.width]


def test_files_hold_what_the_predictor_answers(photos, predictor, tmp_path):
    outcome = predict_files(predictor, [photos], tmp_path / "out")
    found = read(tmp_path / "out")
    assert (outcome.done, outcome.kept, outcome.failed) == (7, 0, {})
    assert [entry["file"] for entry in found] == sorted(str(p) for p in photos.rglob("*.png"))
    for entry in found:
        prediction = predictor([entry["file"]])[0]
        assert entry["label"] == int(prediction.label)
        assert entry["class"] == CLASSES[entry["label"]]
        assert entry["instances"]["classes"] == [CLASSES[label] for label in entry["instances"]["labels"]]
        assert np.allclose(entry["label_scores"], prediction.label_scores, atol=2e-6)
        assert np.allclose(entry["instances"]["boxes"], prediction.instances.boxes, atol=1e-4)
        assert entry["size"] == size_of(entry["file"])
        assert size_of(tmp_path / "out" / entry["drawn"]) >= entry["size"]
    assert len({entry["drawn"] for entry in found}) == 7
    assert (tmp_path / "out" / "classes.txt").read_text().split() == list(CLASSES)
    assert not (tmp_path / "out" / "failed.json").exists()


def test_the_threshold_reaches_the_file(photos, predictor, tmp_path):
    predict_files(predictor, [photos / "0.png"], tmp_path / "out", PredictSettings(threshold=0.99))
    assert read(tmp_path / "out")[0]["instances"]["boxes"] == []


def test_few_objects_are_drawn_whatever_their_score_and_many_from_a_half_on(tmp_path):
    scores = torch.tensor([0.9, 0.4, 0.1, 0.1, 0.1, 0.1])
    many = Annotation(label_scores=torch.ones(2), instances=Instances(boxes=torch.ones(6, 4), scores=scores))
    few = Annotation(label_scores=torch.ones(2), instances=many.instances[:2])
    assert drawn_from(many, None) == 0.5
    assert drawn_from(few, None) is None
    assert drawn_from(Annotation(instances=few.instances), None) == 0.5
    assert drawn_from(Annotation(), None) == 0.5


def test_a_second_call_does_nothing_and_new_pictures_alone(photos, predictor, tmp_path):
    out = tmp_path / "out"
    predict_files(predictor, [photos], out)
    before, drawn = read(out), (out / read(out)[0]["drawn"]).stat().st_mtime_ns
    save_picture(photos / "new.png", 3)
    outcome = predict_files(predictor, [photos], out)
    assert (outcome.done, outcome.kept) == (8, 7)
    assert [entry for entry in read(out) if "new" not in entry["file"]] == before
    assert (out / before[0]["drawn"]).stat().st_mtime_ns == drawn


def test_a_picture_that_was_replaced_is_answered_anew(photos, predictor, tmp_path):
    predict_files(predictor, [photos / "1.png"], tmp_path / "out")
    save_picture(photos / "1.png", 5)
    outcome = predict_files(predictor, [photos / "1.png"], tmp_path / "out")
    assert (outcome.done, outcome.kept) == (1, 0)
    assert read(tmp_path / "out")[0]["size"] == list(picture(5).shape[1:])


@pytest.mark.parametrize("change", ["weights", "threshold", "stranger"])
def test_answers_of_another_making_are_not_mixed(photos, predictor, tmp_path, change):
    out = tmp_path / "out"
    predict_files(predictor, [photos / "1.png"], out)
    other = Predictor(tiny_system(input=NATIVE, seed=1)) if change == "weights" else predictor
    if change == "stranger":
        (out / NAME).unlink()
    with pytest.raises(ConfigError) as caught:
        predict_files(other, [photos], out, PredictSettings(threshold=0.2 if change == "threshold" else None))
    assert "--out" in caught.value.cure
    assert len(read(out)) == 1


def test_bad_pictures_fail_alone_and_are_listed(photos, predictor, tmp_path):
    (photos / "cut.png").write_bytes((photos / "0.png").read_bytes()[:60])
    (photos / "text.jpg").write_text("no picture")
    outcome = predict_files(predictor, [photos], tmp_path / "out")
    assert outcome.done == 7
    assert len(read(tmp_path / "out")) == 7
    failed = json.loads((tmp_path / "out" / "failed.json").read_text())
    assert [Path(entry["file"]).name for entry in failed] == ["cut.png", "text.jpg"]
    assert all(isinstance(error, DataError) for error in outcome.failed.values())
    save_picture(photos / "cut.png", 2)
    (photos / "text.jpg").unlink()
    assert predict_files(predictor, [photos], tmp_path / "out").failed == {}
    assert not (tmp_path / "out" / "failed.json").exists()


def test_a_picture_too_large_for_memory_fails_alone(photos, predictor, tmp_path, monkeypatch):
    Image.new("RGB", (400, 300)).save(photos / "huge.png")
    true_predictions = predictor.network_predictions

    def network_predictions(batch, threshold=0.0):
        if batch.images.shape[-1] >= 400:
            raise torch.OutOfMemoryError("stub")
        return true_predictions(batch, threshold)

    monkeypatch.setattr(
        Predictor, "network_predictions", lambda self, batch, threshold=0.0: network_predictions(batch, threshold)
    )
    outcome = predict_files(predictor, [photos], tmp_path / "out")
    assert outcome.done == 7
    assert [path.name for path in outcome.failed] == ["huge.png"]
    assert isinstance(outcome.failed[photos / "huge.png"], ResourceError)


def test_nothing_of_a_cameras_notes_is_copied(predictor, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    for name in ("a.jpg", "b.png"):
        Image.new("RGB", (400, 330), (90, 20, 20)).save(tmp_path / name, exif=exif, comment=b"secret place")
    predict_files(predictor, [tmp_path / "a.jpg", tmp_path / "b.png"], tmp_path / "out")
    drawn = sorted((tmp_path / "out" / "drawn").iterdir())
    assert [path.name for path in drawn] == ["a.jpg", "b.png"]
    for path in drawn:
        with Image.open(path) as image:
            assert not image.getexif()
        assert b"secret" not in path.read_bytes()


def test_inputs_are_files_folders_and_globs_each_once(photos, tmp_path):
    (photos / ".hidden.png").write_bytes(b"")
    (photos / "notes.txt").write_text("")
    found = find_pictures([photos / "3.png", str(photos / "*.png"), photos], tmp_path / "out")
    assert [p.name for p in found] == ["3.png", "0.png", "1.png", "2.png", "4.png", "5.png", "0.png"]
    assert found[-1].parent.name == "deeper"
    assert find_pictures([photos], photos / "deeper") == [photos / f"{i}.png" for i in range(6)]


def test_what_is_passed_over_is_counted_and_named_and_ours_is_none_of_the_users(photos, predictor, tmp_path):
    for name in ("deeper/a.HEIC", "b.cr2", "photo", ".hidden/c.png"):
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / name).write_bytes((photos / "0.png").read_bytes())
    (tmp_path / "elsewhere").mkdir()
    save_picture(tmp_path / "elsewhere/5.png", 5)
    (photos / "linked").symlink_to(tmp_path / "elsewhere")
    predict_files(predictor, [photos / "0.png"], photos / "before")
    outcome = predict_files(predictor, [photos], tmp_path / "out")
    assert outcome.done == len(list(photos.glob("*.png"))) + len(list((photos / "deeper").glob("*.png")))
    for name in ("a.HEIC", "b.cr2", "photo", ".hidden/c.png", "linked", "before"):
        assert any(name in line and line[0] == "1" for line in outcome.left_out), name
    assert predict_files(predictor, [photos / "0.png"], tmp_path / "alone").left_out == ()


def test_an_empty_name_is_no_folder(tmp_path):
    with pytest.raises(DataError, match="an empty name"):
        find_pictures([""], tmp_path / "out")


@pytest.mark.parametrize("name", ["absent.png", "absent/*.png", "empty"])
def test_an_input_that_names_nothing_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        find_pictures([tmp_path / name], tmp_path / "out")
    assert caught.value.path == str(tmp_path / name)


def test_names_are_unique_whatever_the_folders():
    files = [Path("a/x.jpg"), Path("b/x.jpg"), Path("b/X.png"), Path("y.jpg"), Path("c") / ("z" * 200 + ".jpg")]
    names = unique_names(files)
    assert len({name.casefold() for name in names}) == 5
    assert names[3] == "y"
    assert len(names[4]) < 100
    assert names == unique_names(files)


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes on Linux alone")
def test_names_that_are_no_text_are_answered(predictor, tmp_path):
    file = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.png")
    save_picture(tmp_path / "plain.png", 1)
    Path(tmp_path / "plain.png").rename(file)
    predict_files(predictor, [tmp_path], tmp_path / "out")
    entry = read(tmp_path / "out")[0]
    assert entry["file"].endswith("caf\\xe9\n.png")
    assert (tmp_path / "out" / entry["drawn"]).is_file()
    assert predict_files(predictor, [tmp_path], tmp_path / "out").kept == 1


def test_all_fields_have_a_form_in_files(tmp_path):
    dense = torch.zeros(2, 5, 6, dtype=torch.bool)
    dense[0, 1:3, 2:5] = True
    prediction = Annotation(
        label=torch.tensor(1),
        instances=Instances(boxes=torch.tensor([[0.0, 1, 2, 3], [4, 5, 6, 7]]), masks=Masks.from_dense(dense)),
        semantic=torch.tensor([[0, 255], [3, 4]]),
        semantic_scores=torch.full((5, 2, 2), 0.3),
        contours=torch.tensor([[[0.0, 1.0]], [[0.5, 0.25]]]),
        pose=torch.tensor([[1.5, 2.5]]),
    )
    values = json.loads(json.dumps(as_values(prediction, NAMES) | write_maps(prediction, tmp_path, "a", NAMES)))
    assert values["label"] == 1
    assert values["pose"] == [[1.5, 2.5]]
    codes = [code["counts"].encode() for code in values["instances"]["masks"]]
    assert torch.equal(rle.decode(codes, (5, 6)).dense(), dense)
    assert values["semantic"] == "semantic/a.png"
    assert np.asarray(Image.open(tmp_path / "semantic/a.png")).tolist() == [[0, 255], [3, 4]]
    assert values["contours"] == ["contours/a_0.png", "contours/a_1.png"]
    assert np.asarray(Image.open(tmp_path / "contours/a_1.png")).tolist() == [[128, 64]]
    assert values["semantic_scores"] == "semantic_scores/a.npz"
    with np.load(tmp_path / "semantic_scores/a.npz") as scores:
        np.testing.assert_allclose(scores["scores"], np.full((5, 2, 2), 0.3), atol=2e-4)
        assert scores["classes"].tolist() == ["road", "car"]


def test_labels_stand_beside_the_names_of_their_classes(tmp_path):
    prediction = Annotation(
        label=torch.tensor(1),
        labels=torch.tensor([1, 0, 1]),
        instances=Instances(labels=torch.tensor([2, 0, 2]), boxes=torch.zeros(3, 4)),
        semantic=torch.tensor([[0, 1, 1, 255], [1, 4, 4, 255]]),
        contours=torch.zeros(2, 1, 1),
    )
    values = as_values(prediction, NAMES)
    assert values["class"] == "green"
    assert values["classes"] == ["red", "blue"]
    assert values["instances"]["classes"] == ["blue", "red", "blue"]
    assert values["semantic_classes"] == [
        {"label": 1, "class": "car", "share": 0.5},
        {"label": 4, "class": "4", "share": 0.333333},
        {"label": 0, "class": "road", "share": 0.166667},
    ]
    assert values["contour_classes"] == ["kerb", "edge"]
    assert "class" not in as_values(Annotation(instances=Instances()), NAMES)
    nowhere = as_values(Annotation(semantic=torch.full((2, 2), 255)), NAMES)
    assert nowhere == {"semantic_classes": []}


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from helpers import tiny_system
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.predictor import Predictor
predict_files(Predictor(tiny_system(input=InputSpec("native", multiple=4))), [sys.argv[2]], sys.argv[3],
    PredictSettings(batch=4), tell=lambda done, total: print(done, flush=True))
"""


def start(folder: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[2]), str(folder), str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_killed_prediction_ends_as_an_unbroken_one(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(60):
        save_picture(folder / f"{i:02}.png", i)
    done = []
    for kill in range(5):
        process = start(folder, tmp_path / "killed")
        first = int(process.stdout.readline())
        done.append(first)
        for _ in range(1 + kill % 2):
            process.stdout.readline()
        time.sleep(0.003 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert done == sorted(done)
    assert done[-1] > 0
    for out in ("killed", "clean"):
        process = start(folder, tmp_path / out)
        process.communicate()
        assert process.returncode == 0
    assert read(tmp_path / "killed") == read(tmp_path / "clean")
    assert len({entry["file"] for entry in read(tmp_path / "killed")}) == 60
    names = [sorted(p.name for p in (tmp_path / out / "drawn").iterdir()) for out in ("killed", "clean")]
    assert names[0] == names[1]


@pytest.mark.slow
def test_a_bomb_costs_no_memory(predictor, photos, tmp_path):
    Image.new("1", (30000, 30000)).save(photos / "bomb.png")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = predict_files(predictor, [photos], tmp_path / "out")
    assert [path.name for path in outcome.failed] == ["bomb.png"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
