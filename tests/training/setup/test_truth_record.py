"""A run goes on with the data it began with: what they say is written down and compared."""

import json

import numpy as np
import pytest
from PIL import Image

import saccade as sc
from saccade.core.errors import ConfigError
from saccade.data.datasets.splits.folds import holdout
from saccade.data.datasets.truth_digest import truth_digest
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.setup.data import Data
from saccade.training.setup.truth_record import changes_of_truth, write_truth

CONFIG = {"data": "data"}


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)).save(path)


def folders(root):
    for name in ("cat", "dog"):
        for number in range(3):
            picture(root / name / f"{number}.png")


def coco(root, change=lambda document: None):
    for number in range(3):
        picture(root / f"train/{number}.png")
    box = {"bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0, "segmentation": [[10, 10, 30, 10, 30, 30]]}
    document = {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 64, "height": 48} for n in range(3)],
        "annotations": [{"id": n, "image_id": n, "category_id": 1 + n % 2, **box} for n in range(3)],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    }
    document = json.loads(json.dumps(document))
    change(document)
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations/instances_train.json").write_text(json.dumps(document))


def masks(root):
    (root / "classes.txt").parent.mkdir(exist_ok=True)
    (root / "classes.txt").write_text("road\ncar\n")
    picture(root / "images/0.png")
    (root / "masks").mkdir()
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(root / "masks/0.png")


def move(root):
    (root / "dog/2.png").rename(root / "cat/new.png")


def repaint(root):
    values = np.zeros((48, 64), np.uint8)
    values[0, 0] = 1
    Image.fromarray(values).save(root / "masks/0.png")


def set_to(keys, value):
    def change(document):
        inner = document
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return lambda root: coco(root, change)


CASES = [
    (folders, move, ["1 picture added (cat/new.png)", "1 picture gone (dog/2.png)"]),
    (folders, lambda root: picture(root / "ant/0.png"), ["1 class added (ant)", "1 picture added (ant/0.png)"]),
    (coco, set_to(("annotations", 1, "bbox", 0), 11), ["1 picture annotated otherwise (train/1.png)"]),
    (coco, set_to(("annotations", 0, "category_id"), 2), ["1 picture annotated otherwise (train/0.png)"]),
    (coco, set_to(("annotations", 2, "segmentation", 0, 0), 9), ["1 picture annotated otherwise (train/2.png)"]),
    (coco, set_to(("annotations", 2, "iscrowd"), 1), ["1 picture annotated otherwise (train/2.png)"]),
    (coco, lambda root: coco(root, lambda d: d["images"].reverse()), ["the same pictures in another order"]),
    (coco, lambda root: coco(root, lambda d: d["annotations"].sort(key=lambda a: -a["id"])), []),
    (masks, repaint, ["1 picture annotated otherwise (images/0.png)"]),
]  # fmt: skip


@pytest.mark.parametrize(("build", "change", "said"), CASES)
def test_what_changed_is_said(tmp_path, build, change, said):
    root, run = tmp_path / "data", RunFolder(tmp_path)
    root.mkdir()
    build(root)
    write_truth(run, Data(sc.open_data(root), None, "data", None))
    assert changes_of_truth(run, CONFIG, Data(sc.open_data(root), None, "data", None), pytest.fail) == []
    change(root)
    now = Data(sc.open_data(root), None, "data", None)
    assert changes_of_truth(run, CONFIG, now, pytest.fail) == [f"training data: {line}" for line in said]
    assert changes_of_truth(run, {"data": "others"}, now, pytest.fail) == []


def test_parts_and_unions_are_told_by_what_they_are_made_of(tmp_path):
    folders(tmp_path)
    data = sc.open_data(tmp_path)
    part = holdout(data, 0.5)[0]
    digest = truth_digest(part)
    assert digest is not None
    assert list(digest["pictures"]) == [part.id(index) for index in range(len(part))]
    assert truth_digest(sc.open_data("scenes:count=2,size=32")) is None


def test_an_old_run_goes_on_and_says_so(tmp_path):
    folders(tmp_path / "data")
    said = []
    data = Data(sc.open_data(tmp_path / "data"), None, "data", None)
    assert changes_of_truth(RunFolder(tmp_path), CONFIG, data, said.append) == []
    assert "not known" in said[0]


def test_a_run_is_not_gone_on_with_when_its_data_changed(tmp_path):
    folders(tmp_path / "data")
    settings = {"width": 0.25, "size": 32, "steps": 1, "workers": 0}
    sc.train("lenet5", tmp_path / "data", tmp_path / "run", **settings)
    (tmp_path / "data/dog/2.png").rename(tmp_path / "data/cat/new.png")
    with pytest.raises(ConfigError, match=r"cat/new\.png") as caught:
        sc.train("lenet5", tmp_path / "data", tmp_path / "run", resume=True, **settings)
    assert "--init" in str(caught.value.cure)
