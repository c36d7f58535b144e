"""Data that teach nothing are refused before step 0, with where the labels were sought and what looks like them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import saccade as sc
from made import save_picture
from saccade.core.errors import ConfigError
from saccade.data.check import check_data
from saccade.data.convert.convert import convert
from saccade.data.convert.losses import KINDS
from saccade.training.settings import TrainSettings
from saccade.training.setup.checks.nothing_to_learn import check_to_learn
from saccade.training.setup.data import open_training_data

OPTIONS: dict[str, dict[str, Any]] = {"resnet20": {}, "retinanet": {"trunk": "resnet18", "pretrained": False}}


def put(root: Path, *names: str) -> Path:
    for seed, name in enumerate(names):
        if name.endswith(".png"):
            save_picture(root / name, seed=seed)
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("0 .5 .5 .1 .1\n")
    return root


def look(root: Path, system: str, classes: Sequence[str]) -> list[str]:
    said: list[str] = []
    data = open_training_data(str(root), None, TrainSettings())
    check_to_learn(sc.build(system, classes=list(classes), width=0.25, **OPTIONS[system]), data, said.append)
    return said


def test_labels_that_lie_elsewhere_are_named(tmp_path: Path) -> None:
    root = put(tmp_path, "train/imgs/1.png", "train/imgs/2.png", "train/labels/1.txt", "train/labels/2.txt")
    (root / "data.yaml").write_text("train: train/imgs\nnames: [nut]\n")
    for told in ("train/imgs/1.txt", "train/labels/1.txt", "2 training pictures"):
        with pytest.raises(ConfigError, match=told):
            look(root, "retinanet", ["nut"])
    defects = check_data(root, workers=0).defects
    assert [one.expected for one in defects] == ["objects"]
    assert "train/labels/1.txt" in defects[0].found


def test_one_class_teaches_no_classifier(tmp_path: Path) -> None:
    root = put(tmp_path, "train/cat/1.png", "train/cat/2.png", "val/cat/3.png")
    with pytest.raises(ConfigError, match=r"two classes or more.*'cat' alone"):
        look(root, "resnet20", ["cat"])
    assert any("one class alone" in note for note in check_data(root, workers=0).notes)


def test_one_class_of_objects_is_enough(tmp_path: Path) -> None:
    root = put(tmp_path, "images/1.png", "labels/1.txt")
    (root / "classes.txt").write_text("nut\n")
    assert look(root, "retinanet", ["nut"]) == []
    assert check_data(root, workers=0).defects == []


def test_classes_in_other_letters_are_a_warning(tmp_path: Path) -> None:
    root = put(tmp_path, "train/Cat/1.png", "train/Dog/2.png", "val/cat/3.png", "val/dog/4.png")
    said = look(root, "resnet20", ["Cat", "Dog", "cat", "dog"])
    assert any("--rename cat=Cat,dog=Dog" in line for line in said)


def test_pixels_are_learnt_where_a_form_with_objects_has_none(tmp_path: Path) -> None:
    """Masks of pixels that became VOC's: no object is annotated, and a class is called background already."""
    masks, voc = tmp_path / "masks", tmp_path / "voc"
    convert("scenes:count=4,size=48", masks, "masks", allow=KINDS)
    convert(masks, voc, "voc", allow=KINDS)
    before, after = sc.open_data(masks), sc.open_data(voc)
    assert after.vocabularies["semantic"] == before.vocabularies["semantic"]
    assert "background" in after.classes
    places = {Path(before.id(place)).stem: place for place in range(len(before))}
    for place in range(len(after)):
        given = before.truth(places[Path(after.id(place)).stem]).semantic
        assert given is not None
        assert given.equal(after.truth(place).get("semantic"))
    system = sc.build("fcn8s", list(after.classes), trunk="vgg11", width=1 / 16, size=64)
    check_to_learn(system, open_training_data(str(voc), None, TrainSettings()), pytest.fail)
    assert not [one for one in check_data(voc, workers=0).defects if one.expected == "objects"]
