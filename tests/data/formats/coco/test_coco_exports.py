"""COCO as annotation tools write it: documents of any name, placeholders, backslashes, folders of pictures."""

import json
from pathlib import Path
from typing import Any

import pytest

from made import save_picture
from saccade.core.errors import DataError
from saccade.data.formats.coco.reader import Coco
from saccade.data.left_out import reading_notes
from saccade.data.open import open_data, splits

NUT = {"id": 1, "name": "nut", "supercategory": "things"}
TOP = {"id": 0, "name": "things", "supercategory": "none"}


def document(*names: str, categories: Any = (NUT,), category: int = 1) -> str:
    images = [{"id": n, "file_name": name, "width": 60, "height": 40} for n, name in enumerate(names)]
    box = {"bbox": [1, 2, 10, 10], "area": 100, "iscrowd": 0, "segmentation": [], "category_id": category}
    rows = [{"id": n, "image_id": n, **box} for n in range(len(names))]
    return json.dumps({"images": images, "annotations": rows, "categories": list(categories)})


def write(root: Path, name: str, text: str, *pictures: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    for picture in pictures:
        save_picture(root / picture)


@pytest.mark.parametrize(
    ("file", "written", "picture"),
    [
        ("result.json", "images/a.png", "images/a.png"),  # Label Studio
        ("result.json", "images\\a.png", "images/a.png"),  # Label Studio on Windows
        ("annotations/instances_default.json", "a.png", "images/a.png"),  # CVAT
        ("annotations/instances_default.json", "a.png", "images/default/a.png"),
        ("labels_my-project.json", "a.png", "a.png"),  # MakeSense
        ("train/_annotations.coco.json", "a.png", "train/a.png"),  # Roboflow
    ],
)
def test_exports_open_at_once(tmp_path: Path, file: str, written: str, picture: str) -> None:
    write(tmp_path, file, document(written), picture)
    assert len(splits(tmp_path)) == 1
    data = open_data(tmp_path)
    assert (data.id(0), data.classes, len(data.truth(0).instances or ())) == (picture, ("nut",), 1)
    assert isinstance(data, Coco)
    assert len(data.notes) == ("\\" in written)


@pytest.mark.parametrize(
    ("categories", "category", "classes"),
    [
        ((TOP, NUT), 1, ("nut",)),
        ((TOP | {"name": "nut"}, NUT | {"supercategory": "nut"}), 1, ("nut",)),
        ((TOP, NUT, {"id": 2, "name": "bolt", "supercategory": "things"}), 1, ("nut", "bolt")),
        ((TOP, NUT), 0, ("things", "nut")),  # some object has it
        ((TOP, NUT | {"supercategory": "metal"}), 1, ("things", "nut")),
        ((TOP, NUT | {"supercategory": "none"}), 1, ("things", "nut")),
        ((TOP,), 0, ("things",)),
    ],
)
def test_a_placeholder_is_no_class(tmp_path: Path, categories: Any, category: int, classes: tuple[str, ...]) -> None:
    write(
        tmp_path,
        "train/_annotations.coco.json",
        document("a.png", categories=categories, category=category),
        "train/a.png",
    )
    data = open_data(tmp_path)
    assert isinstance(data, Coco)
    assert data.classes == classes
    assert len(data.notes) == (len(classes) < len(categories))


def test_a_placeholder_that_another_split_uses_is_a_class_in_both(tmp_path: Path) -> None:
    for split, category in (("train", 1), ("valid", 0)):
        text = document("a.png", categories=(TOP, NUT), category=category)
        write(tmp_path, f"{split}/_annotations.coco.json", text, f"{split}/a.png")
    assert open_data(tmp_path).classes == open_data(tmp_path, "val").classes == ("things", "nut")


def test_pictures_in_two_folders_are_refused_with_both(tmp_path: Path) -> None:
    write(tmp_path, "annotations/instances_train.json", document("a.png"), "train/a.png", "images/a.png")
    with pytest.raises(DataError, match=r"images and .*train"):
        open_data(tmp_path)


def test_what_lies_beside_the_objects_of_a_split_is_said(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for kind in ("instances", "captions") + ("person_keypoints",) * (split == "train"):
            write(tmp_path, f"annotations/{kind}_{split}2017.json", document("a.png"), f"{split}2017/a.png")
    joints = tmp_path / "annotations/person_keypoints_train2017.json"
    data, val = open_data(tmp_path, "train"), open_data(tmp_path, "val")
    assert isinstance(data, Coco)
    assert (data.passed_over, val.passed_over, val.notes) == ((joints,), (), ())
    assert data.notes == (
        f"annotations/{joints.name} is passed over, since instances_train2017.json beside it is read; "
        f"for it say coco:{joints}",
    )
    assert reading_notes([data, val]) == list(data.notes)
    assert open_data(f"coco:{joints}").notes == ()  # Who names a file knows what is beside it.
