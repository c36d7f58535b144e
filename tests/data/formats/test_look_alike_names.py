"""Names that look alike: accents in any form match; classes that differ in spelling alone are told with a cure."""

import functools
import json
import operator
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import pytest

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.data.check import check_data
from saccade.data.datasets.splits.train_val import DataOptions, open_train_val
from saccade.data.open import open_data
from saccade.training.settings import TrainSettings
from saccade.training.setup.data import open_training_data

COMPOSED, APART = (normalize(form, "für_é") for form in ("NFC", "NFD"))
HEAD = "<annotation><size><width>60</width><height>40</height></size><object><name>cat</name><bndbox><xmin>10</xmin>"
XML = HEAD + "<ymin>11</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object></annotation>"


def coco(names: dict[str, str], of: dict[str, list[str]]) -> str:
    """A document of pictures, each of which shows objects of some of the named classes."""
    every = sorted(set(functools.reduce(operator.iadd, of.values(), [])))
    images = [{"id": n, "file_name": names[key], "width": 60, "height": 40} for n, key in enumerate(of)]
    kinds = [{"id": n, "name": name} for n, name in enumerate(every)]
    shown = [(place, every.index(name)) for place, key in enumerate(of) for name in of[key]]
    boxes = [
        {"id": n, "image_id": place, "category_id": kind, "bbox": [5 + n, 5, 20, 20]}
        for n, (place, kind) in enumerate(shown)
    ]
    return json.dumps({"images": images, "annotations": boxes, "categories": kinds})


def put(root: Path, texts: dict[str, str], *pictures: str) -> Path:
    for seed, name in enumerate(pictures):
        save_picture(root / name, seed=seed)
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


# The document names the file in one form; the disk has it in the other.
FILES: dict[str, Callable[[Path, str, str], Path]] = {
    "coco": lambda root, said, there: put(
        root, {"annotations/instances_train.json": coco({"a": f"{said}/{said}.png"}, {"a": ["cat"]})},
        f"train/{there}/{there}.png",
    ),
    "voc": lambda root, said, there: put(
        root, {f"Annotations/{said}.xml": XML, "ImageSets/Main/train.txt": f"{there}\n"}, f"JPEGImages/{there}.png"
    ),
    "yolo": lambda root, said, there: put(
        root, {f"labels/{said}.txt": "0 .5 .5 .1 .1\n", "classes.txt": "cat\n"}, f"images/{there}.png"
    ),
    "csv": lambda root, said, there: put(
        root, {"train.csv": f"file,x1,y1,x2,y2,label\n{said}.png,1,1,9,9,cat\n"}, f"images/{there}.png"
    ),
}  # fmt: skip


@pytest.mark.parametrize("forms", [(COMPOSED, APART), (APART, COMPOSED)], ids=["composed", "apart"])
@pytest.mark.parametrize("form", FILES)
def test_files_match_whatever_the_form_of_their_accents(form: str, forms: tuple[str, str], tmp_path: Path) -> None:
    root = FILES[form](tmp_path, *forms)
    data = open_data(root)
    assert (len(data), len(data.truth(0).instances), data[0].image.shape) == (1, 1, (3, 40, 60))  # pyright: ignore[reportArgumentType]
    checked = check_data(root, workers=0)
    assert checked.defects == []
    assert any("form of accents" in note for note in checked.notes)


def test_masks_match_whatever_the_form_of_their_accents(tmp_path: Path) -> None:
    put(tmp_path, {"classes.txt": "a\nb\n"}, f"images/{COMPOSED}.png", f"masks/{APART}.png")
    assert len(open_data(tmp_path)) == 1


def test_a_class_in_two_forms_of_accents_is_one(tmp_path: Path) -> None:
    put(tmp_path, {}, f"train/{COMPOSED}/1.png", "train/x/2.png", f"val/{APART}/3.png", "val/x/4.png")
    train, val = open_data(tmp_path), open_data(tmp_path, "val")
    assert train.classes == val.classes == (COMPOSED, "x")
    assert int(val.truth(0).label) == 0  # pyright: ignore[reportArgumentType]
    assert any("form of accents" in note for note in check_data(tmp_path, workers=0).notes)


def folders(root: Path, train: list[str], val: list[str]) -> Path:
    return put(root, {}, *(f"train/{one}/{one}t.png" for one in train), *(f"val/{one}/{one}v.png" for one in val))


def documents(root: Path, train: list[str], val: list[str]) -> Path:
    texts = {
        f"annotations/instances_{split}.json": coco({"a": f"{split}.png"}, {"a": names})
        for split, names in (("train", train), ("val", val))
    }
    return put(root, texts, "train/train.png", "val/val.png")


@pytest.mark.parametrize("spelt", [("Cat", "cat"), ("traffic light", "Traffic_Light"), ("é", "É")])
@pytest.mark.parametrize("make", [folders, documents])
def test_a_class_in_other_letters_is_a_defect_and_the_flag_mends_it(
    make: Callable[[Path, list[str], list[str]], Path], spelt: tuple[str, str], tmp_path: Path
) -> None:
    root, (known, other) = make(tmp_path, [spelt[0], "x"], [spelt[1], "x"]), spelt
    cures = [one.cure for one in check_data(root, workers=0).defects]
    assert any("--rename" in cure and f"{other}={known}" in cure for cure in cures)
    sides = open_train_val(str(root), None, DataOptions(rename={other: known}))
    assert sides.val is not None
    assert sorted(sides.train.classes) == sorted(sides.val.classes) == sorted([known, "x"])
    assert names_shown(sides.val) == {known, "x"}


def names_shown(data: Dataset) -> set[str]:
    return {data.classes[label] for index in range(len(data)) for label in data.classes_of(index)}  # pyright: ignore


def test_a_training_that_refuses_names_the_flag(tmp_path: Path) -> None:
    documents(tmp_path, ["Cat", "x"], ["cat", "x"])
    with pytest.raises(ConfigError, match="--rename cat=Cat"):
        open_training_data(str(tmp_path), None, TrainSettings())


def test_a_class_that_train_never_shows(tmp_path: Path) -> None:
    found = check_data(folders(tmp_path / "a", ["cat", "dog"], ["cat", "cow"]), workers=0).defects
    assert [(one.expected, one.found.split()[0]) for one in found] == [("classes that train shows", "'cow'")]
    assert "--rename cow=CLASS" in found[0].cure
    # A list declares the class, and train happens to have no picture of it.
    root = documents(tmp_path / "b", ["cat", "dog"], ["cat", "dog"])
    only = coco({"a": "train.png"}, {"a": ["cat", "dog"]}).replace('"category_id": 1', '"category_id": 0')
    (root / "annotations/instances_train.json").write_text(only)
    assert not [one for one in check_data(root, workers=0).defects if "train shows" in one.expected]
