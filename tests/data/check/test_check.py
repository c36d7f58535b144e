"""Every defect of a set that a test has spoilt is found, with its place and its cure, and nothing else is."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import saccade as sc
from made import Memory, coco_content, save_picture, write_coco
from saccade.core.annotation import Annotation, Instances
from saccade.data.check import CheckResult, check_data
from saccade.data.check.defects import KEYS

Spoil = Callable[[dict[str, Any]], Any]


def rows(checked: CheckResult) -> list[dict[str, Any]]:
    return [defect.row() for defect in checked.defects]


def hashes(folder: Path) -> dict[str, str]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def check_coco(root: Path, spoil: Spoil) -> list[dict[str, Any]]:
    content = coco_content()
    spoil(content)
    return rows(check_data(write_coco(root, content), workers=0))


def test_a_sound_set_has_no_defects_and_its_notes_say_what_is_odd(tmp_path: Path):
    checked = sc.check_data(write_coco(tmp_path), workers=0)
    assert checked.defects == []
    # One box of the content reaches over the edge, one object is a crowd, one picture is empty.
    assert checked.notes == [
        "train: 1 picture without objects, kept as pictures that show nothing",
        "train: 1 box cut off at the picture's edge",
        "train: 1 crowd, neither learnt nor counted",
        "train: 1 object without a mask, beside others that have one",
    ]
    counts = checked.counts["train"]
    assert (counts.pictures, counts.objects, counts.empty, counts.cut) == (3, 4, 1, 1)
    assert (counts.classes, counts.instances) == ({"ant": 1, "bee": 1, "cat": 1}, {"ant": 1, "bee": 1, "cat": 1})
    assert counts.sizes == {(40, 60): 3}


# What is spoilt, where it must be found, in which annotation, and words of what is found.
ONE_DEFECT: dict[str, tuple[Spoil, str, int | None, str]] = {
    "type": (lambda c: c["annotations"][0]["bbox"].__setitem__(2, "ten"), "/annotations/0/bbox/2", 11, "'ten'"),
    "missing": (lambda c: c["annotations"][3].pop("bbox"), "/annotations/3", 14, "'image_id': 3"),
    "same id": (lambda c: c["annotations"][3].update(id=11), "/annotations/3/id", 11, "/annotations/0"),
    "no image": (lambda c: c["annotations"][3].update(image_id=4), "/annotations/3/image_id", 14, "4"),
    "no category": (lambda c: c["annotations"][3].update(category_id=89), "/annotations/3/category_id", 14, "89"),
    "no width": (lambda c: c["annotations"][3].update(bbox=[1, 2, 0, 4]), "/annotations/3/bbox", 14, "[1, 2, 0, 4]"),
    "outside": (lambda c: c["annotations"][3].update(bbox=[61, 2, 3, 4]), "/annotations/3/bbox", 14, "[61, 2, 3, 4]"),
    "odd": (lambda c: c["annotations"][0].update(segmentation=[[1, 2, 3]]), "/annotations/0/segmentation/0", 11, "3"),
    "flat": (lambda c: c["annotations"][0].update(segmentation=[1, 2, 3, 4]), "/annotations/0/segmentation/0", 11, "1"),
    "run lengths": (
        lambda c: c["annotations"][2]["segmentation"].update(counts=[0, 2399]),
        "/annotations/2/segmentation/counts",
        13,
        "2399",
    ),
    "mask bomb": (
        lambda c: c["annotations"][2]["segmentation"].update(size=[100000, 100000]),
        "/annotations/2/segmentation/size",
        13,
        "100000",
    ),
    "crowd": (lambda c: c["annotations"][0].update(iscrowd=2), "/annotations/0/iscrowd", 11, "2"),
    "pixel": (lambda c: c["annotations"][3].update(bbox=[5, 5, 1, 1]), "/annotations/3/bbox", 14, "1 wide and 1 high"),
    "crossing": (
        lambda c: c["annotations"][0].update(bbox=[0, 0, 20, 20], segmentation=[[0, 0, 20, 20, 20, 0, 0, 20]]),
        "/annotations/0/segmentation",
        11,
        "crosses itself at (10, 10), around 100 pixels",
    ),
    "outline elsewhere": (
        lambda c: c["annotations"][0].update(bbox=[30, 6, 10, 30]),
        "/annotations/0/bbox",
        11,
        "shares 0% with the box",
    ),
    "no such joints": (lambda c: c["annotations"][0].update(keypoints=[1, 2, 2]), "/annotations/0/keypoints", 11, ""),
}


@pytest.mark.parametrize("name", ONE_DEFECT)
def test_one_defect_of_a_coco_file_is_one_row(name: str, tmp_path: Path):
    spoil, where, annotation, found = ONE_DEFECT[name]
    (row,) = check_coco(tmp_path, spoil)
    assert tuple(row) == KEYS
    assert (row["where"], row["annotation_id"]) == (where, annotation)
    assert row["path"] == str(tmp_path / "annotations" / "instances_train.json")
    assert found in row["found"]
    assert row["expected"]
    assert row["cure"]
    assert "expected" not in row["expected"] + row["found"]


def test_a_box_that_is_there_twice_names_the_first(tmp_path: Path):
    (row,) = check_coco(tmp_path, lambda c: c["annotations"].append({**c["annotations"][3], "id": 15}))
    assert (row["where"], row["annotation_id"]) == ("/annotations/4/bbox", 15)
    assert "annotation 14" in row["found"]


def test_joints_outside_the_picture(tmp_path: Path):
    def spoil(content: dict[str, Any]) -> None:
        content["categories"][1]["keypoints"] = ["nose", "tail"]
        content["annotations"][3]["keypoints"] = [5, 5, 2, 70, 5, 1]

    (row,) = check_coco(tmp_path, spoil)
    assert (row["annotation_id"], row["found"]) == (14, "joint 2 at (70.5, 5.5)")


def test_all_defects_come_at_once_in_the_order_of_the_file(tmp_path: Path):
    content = coco_content()
    content["annotations"] = [{"id": k, "image_id": 7, "category_id": 1, "bbox": [k, 5, 0, 5]} for k in range(12)]
    content["annotations"][7]["category_id"] = 2
    found = rows(check_data(write_coco(tmp_path, content), workers=0))
    assert [row["annotation_id"] for row in found] == [*range(8), *range(7, 12)]  # The eighth has two.


def test_cut_pictures_and_wrong_sizes_are_found_by_whole_decoding_and_nothing_is_touched(tmp_path: Path):
    content = coco_content()
    content["images"][1]["width"] = 50
    write_coco(tmp_path, content)
    victim = tmp_path / "train" / "7.png"
    victim.write_bytes(victim.read_bytes()[:-300])
    (tmp_path / "train" / "5.png").write_bytes(b"hello")
    before = hashes(tmp_path)
    found = {Path(row["path"]).name: row for row in rows(check_data(tmp_path, workers=0))}
    assert hashes(tmp_path) == before
    assert set(found) == {"3.png", "5.png", "7.png"}
    assert "60x40" in found["3.png"]["found"]
    assert "50x40" in found["3.png"]["expected"]
    assert found["5.png"]["found"] == "text"
    assert "whole PNG" in found["7.png"]["expected"]
    assert rows(check_data(tmp_path, quick=True)) == []


@pytest.mark.parametrize("cut", range(0, 700, 50))
def test_a_file_chopped_anywhere_is_one_row(cut: int, tmp_path: Path):
    document = write_coco(tmp_path) / "annotations" / "instances_train.json"
    document.write_bytes(document.read_bytes()[:cut])
    (row,) = rows(check_data(tmp_path, workers=0))
    assert (row["path"], row["where"]) == (str(document), 1)


def test_a_missing_picture_is_a_row_and_one_that_nobody_lists_a_note(tmp_path: Path):
    write_coco(tmp_path)
    (tmp_path / "train" / "3.png").rename(tmp_path / "train" / "4.png")
    checked = check_data(tmp_path, workers=0)
    (row,) = rows(checked)
    assert row["where"] == "/images/1/file_name"
    assert "'3.png'" in row["found"]
    assert "1 picture on disk that no split lists: train/4.png" in checked.notes


def test_copies_across_splits_are_found_exact_encoded_anew_turned_and_mirrored(tmp_path: Path):
    for split, seeds in (("train", range(6)), ("val", range(6, 9))):
        for seed in seeds:
            save_smooth(tmp_path / split / "a" / f"{seed}.png", seed)
    first = Image.open(tmp_path / "train" / "a" / "0.png")
    first.save(tmp_path / "val" / "a" / "same.png")
    first.save(tmp_path / "val" / "a" / "small.bmp")
    Image.open(tmp_path / "train" / "a" / "1.png").resize((90, 70)).save(tmp_path / "val" / "a" / "w.jpg", quality=50)
    turned = Image.open(tmp_path / "train" / "a" / "2.png").transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "val" / "a" / "x.jpg")
    Image.open(tmp_path / "train" / "a" / "3.png").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(
        tmp_path / "val" / "a" / "y.png"
    )
    save_smooth(tmp_path / "train" / "a" / "twin.png", 5)
    checked = check_data(tmp_path, workers=0)
    found = {Path(row["path"]).name: row["found"] for row in rows(checked)}
    assert set(found) == {"same.png", "small.bmp", "w.jpg", "x.jpg", "y.png"}
    assert found["same.png"] == "the same file as train/a/0.png of train"
    assert found["small.bmp"] == "the same pixels as train/a/0.png of train"
    assert found["w.jpg"] == "nearly the same picture as train/a/1.png of train"
    assert found["x.jpg"].startswith("nearly the same picture as train/a/2.png of train (turned by")
    assert "mirrored" in found["y.png"]
    assert any("train/a/5.png = train/a/twin.png" in note for note in checked.notes)


def save_smooth(path: Path, seed: int) -> None:
    """A picture of soft spots, as photographs have them; noise would not survive to be compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC).save(path)


def test_masks_with_unknown_values_name_them_and_their_pixels(tmp_path: Path):
    for stem in ("a", "b"):
        save_picture(tmp_path / "images" / f"{stem}.png", seed=ord(stem))
        mask = np.zeros((40, 60), np.uint8)
        mask[:2, :3] = 9 if stem == "b" else 1
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(tmp_path / "masks" / f"{stem}.png")
    (tmp_path / "classes.txt").write_text("sky\nroad\nsea\n")
    checked = check_data(tmp_path, workers=0)
    (row,) = rows(checked)
    assert row["path"] == str(tmp_path / "masks" / "b.png")
    assert "9 (6 pixels)" in row["found"]
    assert checked.counts["train"].pixels == {"sky": 2394, "road": 6, "sea": 0}
    assert "train: nothing shows sea" in checked.notes


def test_splits_that_disagree_about_the_classes(tmp_path: Path):
    content = coco_content()
    write_coco(tmp_path, content)
    other = json.loads(json.dumps(content).replace('"bee"', '"fly"'))
    write_coco(tmp_path, other, "val")
    (row,) = list(rows(check_data(tmp_path, quick=True)))
    assert row["path"] is None
    assert "without 'bee'; with 'fly'" in row["found"]


def test_names_alike_and_names_that_spreadsheets_run_are_noted(tmp_path: Path):
    content = coco_content()
    for category, name in zip(content["categories"], ["Ant", "ant ", "=cmd()"], strict=True):
        category["name"] = name
    notes = check_data(write_coco(tmp_path, content), quick=True).notes
    assert "classes whose names differ in case, space or the form of accents alone: 'ant ', 'Ant'" in notes
    assert "classes whose names a spreadsheet takes for formulas: '=cmd()'" in notes


def test_a_data_set_of_ones_own_is_checked_too():
    class Own(Memory):
        def truth(self, index: int) -> Annotation:
            boxes = torch.tensor([[1.0, 1, 5, 5]])
            return Annotation(instances=Instances(boxes=boxes, labels=torch.tensor([2 * (index == 1)])))

    checked = check_data(Own(3, bad=(2,)), workers=0)
    assert [(row["path"], row["found"]) for row in rows(checked)] == [
        ("memory/1.png", "the label 2"),
        ("memory/2.png", "none"),
    ]


def test_processes_find_the_same_as_one_does(tmp_path: Path):
    for seed in range(40):
        save_picture(tmp_path / "ab"[seed % 2] / f"{seed:02}.png", 8, 8, seed)
    (tmp_path / "a" / "04.png").write_bytes(b"")
    (tmp_path / "b" / "33.png").write_bytes(b"%PDF")
    alone, together = check_data(tmp_path, workers=0), check_data(tmp_path, workers=2)
    assert [Path(row["path"]).name for row in rows(alone)] == ["04.png", "33.png"]
    assert rows(together) == rows(alone)
    assert together.notes == alone.notes
